// Package contract has the cases of the profile full: the whole contract of minifb, with this
// project's routes and member names.
package contract

import (
	"net/http"
	"slices"
	"strings"

	"minifb/scripts/conformance/check"
)

// Options returns how users are made, and what every response is checked for.
func Options() check.Options {
	return check.Options{SignUp: signUp, SignIn: signIn, Always: always}
}

// Cases returns all cases.
func Cases() []check.Case {
	return slices.Concat(
		deletionCases(), passwordCases(), temporaryPasswordCases(), sessionCases(), refreshCases(), tokenCases(),
		backofficeCases(), raceCases(), signUpCases(), signInCases(), pagingCases(), changingPageCases(),
		profileCases(), postCases(), timelineCases(), commentCases(), reactionCases(), notificationCases(),
		idempotencyCases(), revisionCases(), lengthCases(), valueCases(), accessCases(), orderCases(), bodyCases(),
		methodCases(), pathCases(), headerCases(), corsCases(), documentCases(),
	)
}

// A list of cases grows by add, and by admin for those that need the administrator.
type list []check.Case

func (l *list) add(name, rule string, run func(*check.T)) {
	*l = append(*l, check.Case{Name: name, Rule: rule, Run: run})
}

func (l *list) admin(name, rule string, run func(*check.T)) {
	*l = append(*l, check.Case{Name: name, Rule: rule, Run: run, Admin: true})
}

const password = "correct horse"

func signUp(t *check.T, id string) *check.User {
	u := &check.User{ID: id, Password: password, Name: "Ann 앤"}
	r := t.Try(check.Request{Do: "POST /signup", Body: check.JSON{"id": id, "password": password, "name": u.Name}})
	if r.Status == http.StatusTooManyRequests {
		t.Limited()
	}
	r.Want(http.StatusCreated)
	return u
}

func signIn(t *check.T, u *check.User) {
	r := t.Send(check.Request{Do: "POST /auth", Body: check.JSON{"id": u.ID, "password": u.Password}})
	r.Want(http.StatusOK)
	u.Access, u.Refresh = r.Text("access_token"), r.Text("refresh_token")
}

// always checks what every response has to have, whatever was sent.
func always(r *check.Response) {
	request := r.Request()
	method, path, _ := strings.Cut(request.Do, " ")
	r.Rule("Every response carries X-Request-Id.")
	if r.Header.Get("X-Request-Id") == "" {
		r.Failf("a header X-Request-Id", "none")
	}
	r.Rule("Every response carries X-Content-Type-Options: nosniff.")
	r.WithHeader("X-Content-Type-Options", "nosniff")
	if sendsToken(request) {
		r.Rule("The response to a request with a token is not cached.")
		r.WithHeader("Cache-Control", "no-store")
	}
	if method == http.MethodHead || r.Status == http.StatusNoContent {
		r.Rule("A response to HEAD and a 204 have no body.")
		if len(r.Body) > 0 {
			r.Failf("no body", "%d bytes", len(r.Body))
		}
	} else if !isPage(path) || r.Status >= http.StatusBadRequest {
		r.Rule("Every body is application/json.")
		if media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); media != "application/json" {
			r.Failf("Content-Type: application/json", "Content-Type: %s", media)
		}
	}
	if r.Status >= http.StatusBadRequest {
		isError(r, method)
	}
}

// isError checks the form of every error.
func isError(r *check.Response, method string) {
	if method != http.MethodHead {
		r.Rule("Every error is {\"result\", \"hint\"}: the status text alone, and what is wrong.")
		r.Is(check.Object(map[string]check.Shape{"result": check.Text("."), "hint": check.Text(`\S{2}`)}))
		r.NamesItsStatus()
	}
	for status, name := range map[int]string{
		http.StatusUnauthorized: "WWW-Authenticate", http.StatusMethodNotAllowed: "Allow",
		http.StatusTooManyRequests: "Retry-After", http.StatusServiceUnavailable: "Retry-After",
	} {
		if r.Status == status && r.Header.Get(name) == "" {
			r.Rule("401 has WWW-Authenticate, 405 Allow, 429 and 503 Retry-After.")
			r.Failf("a header "+name, "none")
		}
	}
}

func sendsToken(r check.Request) bool {
	return r.As != nil || slices.ContainsFunc(r.Header, func(line string) bool {
		return strings.HasPrefix(line, "Authorization:")
	})
}

// isPage reports whether a path is that of a document for browsers.
func isPage(path string) bool {
	return path == "/" || path == "/docs" || path == "/backoffice" || strings.Contains(path, "/page/")
}

// bearer returns the header with an access token.
func bearer(token string) []string { return []string{"Authorization: Bearer " + token} }
