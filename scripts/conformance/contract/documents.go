package contract

import (
	"strings"

	"minifb/scripts/conformance/check"
)

func isHTML(r *check.Response) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") || !strings.Contains(string(r.Body), "<html") {
		r.Failf("a page of HTML", "%s", r.Header.Get("Content-Type"))
	}
}

// documentCases check what tells people and programs about the API.
func documentCases() []check.Case {
	var all list
	all.add("document/front page", "GET / says what this is and where to go.", func(t *check.T) {
		r := get(t, nil, "/")
		isHTML(r)
		for _, where := range []string{"docs", "openapi.json"} {
			if !strings.Contains(string(r.Body), where+`"`) {
				r.Failf("a link to /"+where, "none")
			}
		}
	})
	all.add("document/page", "GET /docs is a page to try each call.", func(t *check.T) { isHTML(get(t, nil, "/docs")) })
	all.add("document/OpenAPI", "GET /openapi.json is the one document of all routes.", func(t *check.T) {
		r := get(t, nil, "/openapi.json")
		if version := r.Text("openapi"); !strings.HasPrefix(version, "3.") {
			r.Failf("OpenAPI 3", "%s", version)
		}
		paths, _ := r.Get("paths").(map[string]any)
		for _, route := range routes {
			operations, _ := paths[route.path].(map[string]any)
			operation, _ := operations[strings.ToLower(route.method)].(map[string]any)
			if operation["responses"] == nil {
				r.Failf("the route "+route.String()+" with its responses", "none")
			}
		}
	})
	return all
}
