package parity

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"minifb/shared/ops/sam"
	"minifb/shared/testkit/areatest"
)

// A request has the bytes that a transport sends, except for placeholders such as {token:ann.1}
// and {refresh:ann.1}, which each fixture replaces by its own values.
type request struct {
	Name            string // unique
	Method          string
	Target          string
	Header          []string // lines
	Body            string
	NoRequestID     bool // has no usable X-Request-Id, so that each transport generates one
	WithoutDatabase bool // is sent after the database has become unreachable
}

// A response is what a client reads.
type response struct {
	Status int
	Header http.Header
	Body   string
}

const asJSON = "Content-Type: application/json"

func as(id string) string { return "Authorization: Bearer {token:" + id + "}" }

// An example has the values with which a route succeeds.
type example struct {
	as   string // a user; empty: one that only this route uses
	id   string // for {id}; empty: the id of this user's post
	path string // the whole path, of a route with other parameters than {id}
	body string
}

// target returns the path of an example of a route.
func (e example) target(r sam.Route) string {
	if e.path != "" {
		return e.path
	}
	return strings.ReplaceAll(r.Path, "{id}", e.id)
}

// examples has the routes that need more than a user's own post. A new route without an example
// that it needs fails the test.
var examples = map[string]example{
	"GET /check/id/{id}": {id: "free.1"},
	"POST /signup": {
		body: `{"id":"new.1","name":"새 사람","email":"n@a.example",` + withPassword + `}`,
	},
	"GET /user/{id}":                                {id: "ann.1"},
	"PATCH /user/password":                          {body: `{` + withPassword + `,"new_password":"another good one"}`},
	"PATCH /user/nickname":                          {body: `{"nickname":"별명"}`},
	"PATCH /user/intro":                             {body: `{"intro":null}`},
	"PATCH /user/email":                             {body: `{"email":"a@example.com",` + withPassword + `}`},
	"POST /user/deletion":                           {body: `{` + withPassword + `}`},
	"POST /temporary-password":                      {body: `{"id":"free.1"}`},
	"POST /auth":                                    {body: `{"id":"ANN.1",` + withPassword + `}`},
	"POST /refresh":                                 {body: `{"refresh_token":"{refresh:ann.1}"}`},
	"DELETE /session/{id}":                          {id: "current"},
	"POST /post":                                    {body: `{"content":"안녕, 세상!\n<b>&amp;</b> \u2028 😀"}`},
	"PATCH /post/{id}":                              {body: `{"content":"고침"}`},
	"GET /timeline/{id}":                            {id: "ANN.1"},
	"POST /post/{id}/comment":                       {as: "eve.1", id: "1", body: `{"content":"댓글"}`},
	"GET /comment/{id}":                             {id: "1"},
	"PATCH /comment/{id}":                           {as: "eve.1", id: "1", body: `{"content":"고친 댓글"}`},
	"DELETE /comment/{id}":                          {as: "eve.1", id: "2"},
	"PUT /post/{id}/reaction":                       {as: "eve.1", id: "1", body: `{"type":3}`},
	"DELETE /post/{id}/reaction":                    {as: "eve.1", id: "1"},
	"PUT /comment/{id}/reaction":                    {as: "ann.1", id: "1", body: `{"type":5}`},
	"GET /comment/{id}/reaction":                    {id: "1"},
	"DELETE /comment/{id}/reaction":                 {as: "ann.1", id: "1"},
	"PATCH /notification/{id}":                      {as: "ann.1", id: "1", body: `{"read":true}`},
	"POST /notification/read":                       {as: "ann.1"},
	"GET /backoffice/page/{version}/{name}":         {path: "/backoffice/page/x/app.js"},
	"GET /docs/page/{version}/{name}":               {path: "/docs/page/x/docs.js"},
	"GET /backoffice/temporary-password":            {as: administrator},
	"GET /backoffice/stat/server":                   {as: administrator},
	"GET /backoffice/stat/service":                  {as: administrator},
	"GET /backoffice/stat/series":                   {as: administrator},
	"POST /backoffice/user/{id}/temporary-password": {as: administrator, id: "ann.1"},
}

const administrator = "root.1"

const withPassword = `"password":"` + areatest.Password + `"`

// users returns the IDs of ann.1, eve.1, a user for each route, who may lose the session or the
// account by it, and the administrator.
func users(t *sam.Template) []string {
	ids := []string{"ann.1", "eve.1"}
	for range routes(t) {
		ids = append(ids, fmt.Sprintf("route.%d", len(ids)-1))
	}
	return append(ids, administrator)
}

// routes returns the routes of the template without those of the probe.
func routes(t *sam.Template) (all []sam.Route) {
	for _, f := range t.Functions {
		if f.Area != "probe" {
			all = append(all, f.Routes...)
		}
	}
	return all
}

// allRequests returns the requests in the order in which they are sent.
func allRequests(t *sam.Template) []request {
	all := slices.Concat(routeRequests(t), edgeCases(), withoutDatabase(t))
	for i := range all {
		if !all[i].NoRequestID {
			all[i].Header = append(slices.Clip(all[i].Header), fmt.Sprintf("X-Request-Id: parity-%d", i))
		}
	}
	return all
}

// routeRequests returns invalid requests to each route, followed by a valid one. Before them come
// two comments of eve.1's on ann.1's post, which other routes need.
func routeRequests(t *sam.Template) []request {
	comment := func(name, body string) request {
		header := []string{as("eve.1"), asJSON}
		return request{Name: name, Method: "POST", Target: "/post/1/comment", Header: header, Body: body}
	}
	requests := []request{
		comment("the first comment", `{"content":"1"}`), comment("the second comment", `{"content":"2"}`),
	}
	for i, route := range routes(t) {
		e := examples[route.String()]
		if e.as == "" {
			e.as = fmt.Sprintf("route.%d", i+1)
		}
		if e.id == "" {
			e.id = fmt.Sprint(i + 3)
		}
		target := e.target(route)
		add := func(name, method, target, body string, header ...string) {
			requests = append(requests, request{
				Name: route.String() + ": " + name, Method: method, Target: target, Header: header, Body: body,
			})
		}
		token := as(e.as)
		add("no token", route.Method, target, e.body, asJSON)
		add("a bad token", route.Method, target, e.body, asJSON, "Authorization: Bearer x.y.z")
		add("an unknown method", "BREW", target, "", token)
		add("OPTIONS", "OPTIONS", target, "", token)
		add("a preflight", "OPTIONS", target, "", "Origin: https://page.example",
			"Access-Control-Request-Method: "+route.Method)
		if route.Method == "GET" {
			add("a malformed query", "GET", target+"?a=%zz", "", token)
			add("a bad page", "GET", target+"?size=0&cursor=!", "", token)
		}
		if e.body != "" {
			add("truncated JSON", route.Method, target, `{"content":`, token, asJSON)
			add("an empty object", route.Method, target, `{}`, token, asJSON)
			add("an unknown key", route.Method, target, `{"unknown":1}`, token, asJSON)
			add("no body", route.Method, target, "", token, asJSON)
			add("another media type", route.Method, target, e.body, token, "Content-Type: text/plain")
			add("no media type", route.Method, target, e.body, token)
			add("too long", route.Method, target, e.body+strings.Repeat(" ", 64<<10), token, asJSON)
		}
		if route.Method == "GET" {
			add("HEAD", "HEAD", target, "", token)
		}
		add("valid", route.Method, target, e.body, token, asJSON)
	}
	return requests
}

// withoutDatabase returns a request to each route. They come last, as the database does not return.
func withoutDatabase(t *sam.Template) (all []request) {
	for _, route := range routes(t) {
		e := examples[route.String()]
		if e.id == "" {
			e.id = "1"
		}
		header := []string{as("ann.1")}
		if e.body != "" {
			header = append(header, asJSON)
		}
		all = append(all, request{
			Name: "without a database: " + route.String(), Method: route.Method,
			Target: e.target(route), Header: header, Body: e.body, WithoutDatabase: true,
		})
	}
	return all
}
