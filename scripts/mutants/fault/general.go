package fault

import (
	"net/http"
	"strings"
)

// headerFaults lose or change headers.
func headerFaults() []Fault {
	all := []Fault{
		{"no X-Request-Id", "", withoutHeader("X-Request-Id")},
		{"X-Request-Id of its own", "", header("X-Request-Id", "fixed")},
		{"X-Request-Id is not checked", "", func(x *exchange) {
			x.forward()
			if sent := x.header.Get("X-Request-Id"); sent != "" {
				x.out.Set("X-Request-Id", sent)
			}
		}},
		{"no nosniff", "", withoutHeader("X-Content-Type-Options")},
		{"cached with a token", "", when(hasToken, withoutHeader("Cache-Control"))},
		{"tokens are cached", "POST /auth", withoutHeader("Cache-Control")},
		{"refreshed tokens are cached", "POST /refresh", withoutHeader("Cache-Control")},
		{"Content-Type of text", "", header("Content-Type", "text/plain")},
		{"no WWW-Authenticate", "", withoutHeader("WWW-Authenticate")},
		{"WWW-Authenticate: Basic", "", header("WWW-Authenticate", "Basic")},
		{"no error in WWW-Authenticate", "", header("WWW-Authenticate", "Bearer")},
		{"error in WWW-Authenticate without a token", "",
			when(noToken, header("WWW-Authenticate", `Bearer error="invalid_token"`))},
		{"no Allow", "", withoutHeader("Allow")},
		{"Allow without HEAD", "", func(x *exchange) {
			x.forward()
			if allow := x.out.Get("Allow"); allow != "" {
				x.out.Set("Allow", strings.Replace(allow, ", HEAD", "", 1))
			}
		}},
		{"Allow of everything", "", header("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE")},
		{"no Access-Control-Allow-Origin", "", withoutHeader("Access-Control-Allow-Origin")},
		{"no Access-Control-Allow-Methods", "", withoutHeader("Access-Control-Allow-Methods")},
		{"preflights allow GET alone", "", header("Access-Control-Allow-Methods", "GET")},
		{"If-Match is not allowed", "", header("Access-Control-Allow-Headers",
			"Authorization, Content-Type, Idempotency-Key")},
		{"no Access-Control-Expose-Headers", "", withoutHeader("Access-Control-Expose-Headers")},
		{"ETag is not exposed", "", header("Access-Control-Expose-Headers", "Location, Retry-After, X-Request-Id")},
		{"credentials are allowed", "", func(x *exchange) {
			x.forward()
			x.out.Set("Access-Control-Allow-Credentials", "true")
		}},
		{"errors are not readable by pages", "", func(x *exchange) {
			x.forward()
			if !x.ok() {
				x.out.Del("Access-Control-Allow-Origin")
			}
		}},
		{"preflights are 200", "", when(isPreflight, becomes(http.StatusNoContent, http.StatusOK))},
		{"preflights are 405", "", when(isPreflight, errorTo(http.StatusMethodNotAllowed))},
	}
	for _, route := range []string{
		"GET /user/{id}", "GET /post", "GET /post/{id}", "GET /timeline/{id}", "GET /post/{id}/comment",
		"GET /comment/{id}",
		"GET /post/{id}/reaction", "GET /comment/{id}/reaction",
	} {
		all = append(all, Fault{"no Vary of " + route, route, withoutHeader("Vary")})
	}
	for _, route := range []string{"POST /signup", "POST /post", "POST /post/{id}/comment"} {
		all = append(all, Fault{"no Location of " + route, route, withoutHeader("Location")},
			Fault{"another Location of " + route, route, header("Location", "/")})
	}
	return all
}

func isPreflight(x *exchange) bool {
	return x.method == http.MethodOptions && x.header.Get("Access-Control-Request-Method") != ""
}

// errorTo responds with an error to everything.
func errorTo(status int) func(*exchange) {
	return func(x *exchange) {
		x.forward()
		x.fail(status, "It failed.")
		x.out.Set("Allow", "GET")
	}
}

// errorFaults give errors another status or another form.
func errorFaults() []Fault {
	var all []Fault
	for _, of := range [][2]int{
		{400, 422}, {401, 403}, {403, 404}, {404, 400}, {405, 404}, {409, 400}, {412, 409}, {413, 400}, {415, 400},
		{422, 409},
	} {
		from, to := of[0], of[1]
		all = append(all, Fault{"every " + http.StatusText(from) + " is " + http.StatusText(to), "",
			errorBecomes(from, to)})
	}
	form := func(name string, change func(object map[string]any) any) {
		all = append(all, Fault{name, "", func(x *exchange) {
			x.forward()
			if object, ok := decode(x.response).(map[string]any); ok && x.status >= http.StatusBadRequest {
				x.response = encode(change(object))
			}
		}})
	}
	form("errors without a hint", func(o map[string]any) any { return map[string]any{"result": o["result"]} })
	form("errors with an empty hint", func(o map[string]any) any {
		return map[string]any{"result": o["result"], "hint": ""}
	})
	form("errors without a result", func(o map[string]any) any { return map[string]any{"hint": o["hint"]} })
	form("errors with a code", func(o map[string]any) any {
		return map[string]any{"result": o["result"], "hint": o["hint"], "code": 1}
	})
	form("errors called error", func(o map[string]any) any { return map[string]any{"error": o} })
	form("result in small letters", func(o map[string]any) any {
		result, _ := o["result"].(string)
		return map[string]any{"result": strings.ToLower(result), "hint": o["hint"]}
	})
	all = append(all,
		Fault{"hints are the status text", "", hint(func(x *exchange,
			_ string) string {
			return http.StatusText(x.status)
		})},
		Fault{"hints repeat the body", "", hint(func(x *exchange, hint string) string {
			if x.status != http.StatusBadRequest {
				return hint
			}
			return hint + " " + string(x.body)
		})},
		Fault{"hints of 400 without numbers", "", hint(func(_ *exchange, hint string) string {
			return strings.Map(func(r rune) rune {
				if r >= '0' && r <= '9' {
					return -1
				}
				return r
			}, hint)
		})},
		Fault{"hints of 403 without the path", "", hint(func(_ *exchange, hint string) string {
			if strings.HasPrefix(hint, "You have not permission") {
				return "You have not permission"
			}
			return hint
		})},
		Fault{"hints of 403 with the query", "", hint(func(x *exchange, hint string) string {
			if strings.HasPrefix(hint, "You have not permission") {
				return "You have not permission for '" + x.method + " " + x.target + "'"
			}
			return hint
		})},
		Fault{"hints name only the first field", "", hint(func(_ *exchange, hint string) string {
			first, _, _ := strings.Cut(hint, ";")
			return first
		})},
	)
	return all
}

// pathFaults are about paths and methods.
func pathFaults() []Fault {
	change := func(name string, change func(path string) string) Fault {
		return Fault{name, "", request(func(x *exchange) {
			path, query, found := strings.Cut(x.target, "?")
			if x.target = change(path); found {
				x.target += "?" + query
			}
		})}
	}
	return []Fault{
		change("a trailing slash is ignored", func(path string) string {
			if path == "/" {
				return path
			}
			return strings.TrimRight(path, "/")
		}),
		change("paths in any case", func(path string) string {
			if strings.HasPrefix(path, "/POST") || strings.HasPrefix(path, "/Post") {
				return "/post" + path[len("/post"):]
			}
			return path
		}),
		{"HEAD is 405", "", when(func(x *exchange) bool { return x.method == http.MethodHead },
			errorTo(http.StatusMethodNotAllowed))},
		{"HEAD has no ETag", "", when(func(x *exchange) bool { return x.method == http.MethodHead },
			withoutHeader("ETag"))},
		{"an unknown path is 200", "", func(x *exchange) {
			x.forward()
			if x.route == "" && x.status == http.StatusNotFound {
				x.succeed(http.StatusOK, map[string]any{})
			}
		}},
		{"an id of letters is 400", "", func(x *exchange) {
			x.forward()
			if last := x.lastPart(); x.status == http.StatusNotFound && x.route != "" && strings.HasPrefix(last, "x") {
				x.fail(http.StatusBadRequest, "The id must be a number.")
			}
		}},
		{"an id that is too large is 500", "", func(x *exchange) {
			x.forward()
			if strings.Contains(x.target, "9223372036854775808") {
				x.fail(http.StatusInternalServerError, "value out of range")
			}
		}},
		{"no links on the front page", "GET /", func(x *exchange) {
			x.forward()
			x.response = []byte(strings.ReplaceAll(string(x.response), "openapi.json", "about"))
		}},
		{"a route is not documented", "GET /openapi.json", body(func(_ *exchange, object map[string]any) {
			if paths, ok := object["paths"].(map[string]any); ok {
				delete(paths, "/user/email")
			}
		})},
		{"the page is no HTML", "GET /docs", header("Content-Type", "application/json")},
		{"the dashboard is no HTML", "GET /backoffice", header("Content-Type", "application/json")},
	}
}
