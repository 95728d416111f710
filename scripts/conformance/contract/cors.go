package contract

import (
	"net/http"
	"slices"
	"strings"

	"minifb/scripts/conformance/check"
)

const page = "https://page.example"

// corsCases check that a page of another origin may call the API. The server must have the default
// setting, which allows every origin.
func corsCases() []check.Case {
	var all list
	for _, r := range routes {
		all.add("cors/"+r.String()+": preflight", "A preflight is 204 for every route.", func(t *check.T) {
			response := t.Send(check.Request{Do: "OPTIONS " + strings.TrimPrefix(r.to(missing), r.method+" "),
				Header: []string{
					"Origin: " + page, "Access-Control-Request-Method: " + r.method,
					"Access-Control-Request-Headers: authorization,content-type",
				}}).Want(http.StatusNoContent)
			allowsPage(response)
			names(response, "Access-Control-Allow-Methods", r.method)
			names(response, "Access-Control-Allow-Headers",
				"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "X-Request-Id")
		})
	}
	for name, do := range map[string]string{
		"a success": "GET /post?size=1", "an error": "GET /post/" + missing, "no token": "GET /user",
		"no route": "GET /nowhere", "another method": "PUT /post",
	} {
		all.add("cors/"+name, "Pages may read every response and the headers that matter.", func(t *check.T) {
			r := t.Send(check.Request{Do: do, Header: []string{"Origin: " + page}})
			allowsPage(r)
			names(r, "Access-Control-Expose-Headers",
				"Location", "ETag", "Retry-After", "X-Request-Id", "Idempotent-Replayed", "WWW-Authenticate")
			r.WithHeader("Access-Control-Allow-Credentials", "")
			isError := strings.Contains(name, "error") || strings.HasPrefix(name, "no ") || name == "another method"
			if isError != (r.Status >= http.StatusBadRequest) {
				r.Failf("an error, or not, as without Origin", "status %d", r.Status)
			}
		})
	}
	return all
}

func allowsPage(r *check.Response) {
	if got := r.Header.Get("Access-Control-Allow-Origin"); got != "*" && got != page {
		r.Failf("Access-Control-Allow-Origin: *", "%s", got)
	}
}

// names checks that a header is a list that has all of these.
func names(r *check.Response, header string, all ...string) {
	var got []string
	for name := range strings.SplitSeq(strings.ToLower(strings.Join(r.Header.Values(header), ",")), ",") {
		got = append(got, strings.TrimSpace(name))
	}
	for _, name := range all {
		if !slices.Contains(got, strings.ToLower(name)) && !slices.Contains(got, "*") {
			r.Failf(header+" names "+name, "%s", strings.Join(got, ", "))
		}
	}
}
