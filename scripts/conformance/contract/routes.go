package contract

import "strings"

// An access says who may call a route.
type access int

const (
	anyone        access = iota // a token is ignored
	optionalToken               // a token, if there is one, must be valid
	signedIn
	administrator
)

// A route is one of the contract.
type route struct {
	method, path string
	access       access
	body         string // a valid body; empty: the route has none
}

func (r route) String() string { return r.method + " " + r.path }

// to returns the request line for an id.
func (r route) to(id string) string { return r.method + " " + strings.Replace(r.path, "{id}", id, 1) }

// missing is an id that nothing has: of a post, a comment, a notification or a session, and a user's
// ID that is well-formed.
const missing = "9223372036854775807"

const signUpBody = `{"id":"nobody.0","password":"correct horse","name":"Ann"}`

// routes are all routes of the contract.
var routes = []route{
	{"GET", "/check/id/{id}", anyone, ""},
	{"POST", "/signup", anyone, signUpBody},
	{"GET", "/user", signedIn, ""},
	{"GET", "/user/{id}", optionalToken, ""},
	{"PATCH", "/user/password", signedIn, `{"password":"correct horse","new_password":"correct horse"}`},
	{"PATCH", "/user/nickname", signedIn, `{"nickname":"앤"}`},
	{"PATCH", "/user/intro", signedIn, `{"intro":"Hello"}`},
	{"PATCH", "/user/email", signedIn, `{"email":"ann@example.org","password":"correct horse"}`},
	{"POST", "/user/deletion", signedIn, `{"password":"correct horse"}`},
	{"POST", "/temporary-password", anyone, `{"id":"nobody.0"}`},
	{"POST", "/auth", anyone, `{"id":"nobody.0","password":"correct horse"}`},
	{"POST", "/refresh", anyone, `{"refresh_token":"none"}`},
	{"GET", "/session", signedIn, ""},
	{"DELETE", "/session/{id}", signedIn, ""},
	{"DELETE", "/session", signedIn, ""},
	{"GET", "/.well-known/jwks.json", anyone, ""},
	{"POST", "/post", signedIn, `{"content":"Hello"}`},
	{"GET", "/post", optionalToken, ""},
	{"GET", "/post/{id}", optionalToken, ""},
	{"PATCH", "/post/{id}", signedIn, `{"content":"Hello"}`},
	{"DELETE", "/post/{id}", signedIn, ""},
	{"GET", "/timeline", signedIn, ""},
	{"GET", "/timeline/{id}", optionalToken, ""},
	{"POST", "/post/{id}/comment", signedIn, `{"content":"Hello"}`},
	{"GET", "/post/{id}/comment", optionalToken, ""},
	{"GET", "/comment/{id}", optionalToken, ""},
	{"PATCH", "/comment/{id}", signedIn, `{"content":"Hello"}`},
	{"DELETE", "/comment/{id}", signedIn, ""},
	{"PUT", "/post/{id}/reaction", signedIn, `{"type":1}`},
	{"DELETE", "/post/{id}/reaction", signedIn, ""},
	{"GET", "/post/{id}/reaction", optionalToken, ""},
	{"PUT", "/comment/{id}/reaction", signedIn, `{"type":1}`},
	{"DELETE", "/comment/{id}/reaction", signedIn, ""},
	{"GET", "/comment/{id}/reaction", optionalToken, ""},
	{"GET", "/notification", signedIn, ""},
	{"GET", "/notification/unread-count", signedIn, ""},
	{"PATCH", "/notification/{id}", signedIn, `{"read":true}`},
	{"POST", "/notification/read", signedIn, `{"up_to":1}`},
	{"GET", "/backoffice/stat/server", administrator, ""},
	{"GET", "/backoffice/stat/service", administrator, ""},
	{"GET", "/backoffice/stat/series", administrator, ""},
	{"GET", "/backoffice/temporary-password", administrator, ""},
	{"POST", "/backoffice/user/{id}/temporary-password", administrator, ""},
	{"GET", "/backoffice", anyone, ""},
	{"GET", "/", anyone, ""},
	{"GET", "/docs", anyone, ""},
	{"GET", "/openapi.json", anyone, ""},
}

// methodsOf returns the methods of a path, with HEAD where there is GET. /user/{id} is a route of
// /user/password, too, because "password" may be an ID.
func methodsOf(path string) (methods []string) {
	for _, r := range routes {
		prefix, suffix, isPattern := strings.Cut(r.path, "{id}")
		rest := strings.TrimSuffix(strings.TrimPrefix(path, prefix), suffix)
		if r.path != path && (!isPattern || prefix+rest+suffix != path || strings.Contains(rest, "/")) {
			continue
		}
		methods = append(methods, r.method)
		if r.method == "GET" {
			methods = append(methods, "HEAD")
		}
	}
	return methods
}
