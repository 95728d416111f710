package fault

import (
	"net/http"
	"slices"
	"strings"
)

// revisionFaults are about ETag and If-Match.
func revisionFaults() (all []Fault) {
	for _, kind := range []string{"post", "comment"} {
		get, edit, remove := "GET /"+kind+"/{id}", "PATCH /"+kind+"/{id}", "DELETE /"+kind+"/{id}"
		add := func(what, route string, distort func(*exchange)) {
			all = append(all, Fault{route + ": " + what, route, distort})
		}
		add("no ETag", get, withoutHeader("ETag"))
		add("a weak ETag", get, func(x *exchange) {
			x.forward()
			if tag := x.out.Get("ETag"); tag != "" {
				x.out.Set("ETag", "W/"+tag)
			}
		})
		add("an ETag without quotes", get, func(x *exchange) {
			x.forward()
			if tag := x.out.Get("ETag"); tag != "" {
				x.out.Set("ETag", strings.Trim(tag, `"`))
			}
		})
		add("one ETag for ever", get, header("ETag", `"1"`))
		add("an ETag of everything", get, func(x *exchange) {
			x.forward()
			object, _ := decode(x.response).(map[string]any)
			if counts, ok := object["reactions"].(map[string]any); ok && counts["1"] != nil && sum(counts["1"],
				-1) != counts["1"] {
				x.out.Set("ETag", `"1000"`)
			}
		})
		add("304", get, func(x *exchange) {
			x.forward()
			if sent := x.header.Get("If-None-Match"); sent != "" && sent == x.out.Get("ETag") {
				x.status, x.response = http.StatusNotModified, nil
			}
		})
		for _, route := range []string{edit, remove} {
			add("If-Match is ignored", route, ignoring("If-Match"))
			add("If-Match with a weak tag matches", route, request(func(x *exchange) {
				if tag := x.header.Get("If-Match"); tag != "" {
					x.header.Set("If-Match", strings.TrimPrefix(tag, "W/"))
				}
			}))
			add("If-Match without quotes matches", route, request(func(x *exchange) {
				if tag := x.header.Get("If-Match"); tag != "" && tag != "*" && !strings.Contains(tag, `"`) {
					x.header.Set("If-Match", `"`+tag+`"`)
				}
			}))
			add("If-Match that is malformed is ignored", route, request(func(x *exchange) {
				if x.header.Get("If-Match") == "none" {
					x.header.Del("If-Match")
				}
			}))
		}
		add("If-Match: * does not match", edit, refuses(412, "It has changed.", func(x *exchange) bool {
			return x.header.Get("If-Match") == "*"
		}))
		add("If-Match of several does not match", edit, refuses(412, "It has changed.", func(x *exchange) bool {
			return strings.Contains(x.header.Get("If-Match"), ",")
		}))
		add("If-Match that matches is refused", remove, refuses(412, "It has changed.", func(x *exchange) bool {
			return x.header.Get("If-Match") != "" && !strings.Contains(x.header.Get("If-Match"), "none")
		}))
		add("412 although it was done", edit, func(x *exchange) {
			sent := x.header.Get("If-Match")
			x.forward()
			if x.status == http.StatusPreconditionFailed {
				refusal := *x
				x.header.Del("If-Match")
				x.forward()
				x.status, x.out, x.response = refusal.status, refusal.out, refusal.response
				x.header.Set("If-Match", sent)
			}
		})
	}
	return all
}

// backofficeFaults are about the numbers of the back office and temporary passwords.
func backofficeFaults() []Fault {
	const server, service, series = "GET /backoffice/stat/server", "GET /backoffice/stat/service",
		"GET /backoffice/stat/series"
	const waiting, issue = "GET /backoffice/temporary-password", "POST /backoffice/user/{id}/temporary-password"
	points := func(change func(points []any) []any) func(*exchange) {
		return body(func(_ *exchange, o map[string]any) {
			if all, ok := o["points"].([]any); ok {
				o["points"] = change(all)
			}
		})
	}
	return []Fault{
		{"requests_24h is one more", server, add("requests_24h", 1)},
		{"by_status lacks a status", server, each(func(o map[string]any) {
			if counts, ok := o["by_status"].(map[string]any); ok {
				delete(counts, "200")
			}
		})},
		{"by_status is a list", server, always("by_status", []any{})},
		{"by_endpoint lacks the last", server, each(func(o map[string]any) {
			if all, ok := o["by_endpoint"].([]any); ok && len(all) > 0 {
				o["by_endpoint"] = all[1:]
			}
		})},
		{"by_endpoint has no methods", server, each(func(o map[string]any) {
			for _, endpoint := range o["by_endpoint"].([]any) { //nolint:forcetypeassert // as the server sends it
				delete(endpoint.(map[string]any), "method") //nolint:forcetypeassert // likewise
			}
		})},
		{"by_endpoint has paths as sent", server, each(func(o map[string]any) {
			for _, endpoint := range o["by_endpoint"].([]any) { //nolint:forcetypeassert // as the server sends it
				endpoint := endpoint.(map[string]any) //nolint:forcetypeassert // likewise
				if path, ok := endpoint["path"].(string); ok {
					endpoint["path"] = strings.ReplaceAll(path, "{id}", "1")
				}
			}
		})},
		{"the server's counts are stale", server, stale},
		{"rps as text", server, always("rps", "1.5")},
		{"the totals are stale", service, stale},
		{"posts_today above posts", service, each(func(o map[string]any) { o["posts_today"] = sum(o["posts"], 1) })},
		{"posts as text", service, always("posts", "1")},
		{"no users", service, always("users", 0)},
		{"a date of another form", service, always("date", "26.11.2026")},
		{"newest first", series, points(func(points []any) []any {
			slices.Reverse(points)
			return points
		})},
		{"a step is missing", series, points(func(points []any) []any {
			if len(points) > 5 {
				return append(points[:2:2], points[4:]...)
			}
			return points[:1]
		})},
		{"the last step is missing", series, points(func(points []any) []any { return points[:len(points)-2] })},
		{"empty steps have latencies of 0", series, points(func(points []any) []any {
			for _, point := range points {
				point := point.(map[string]any) //nolint:forcetypeassert // as the server sends it
				if point["p50_ms"] == nil {
					point["p50_ms"], point["p99_ms"] = 0, 0
				}
			}
			return points
		})},
		{"minutes are ignored", series, request(withoutParameter("minutes"))},
		{"bad minutes are the default", series, retry(400, withoutParameter("minutes"))},
		{"minutes of 1440 are refused", series, refuses(400, "minutes: 1 to 1439", func(x *exchange) bool {
			return hasToken(x) && strings.HasSuffix(x.target, "minutes=1440")
		})},
		{"requests do not wait in the back office", waiting, body(func(_ *exchange, o map[string]any) {
			o["items"], o["next"] = []any{}, nil
		})},
		{"issued requests stay", waiting, stale},
		{"issuing for nobody is 201", issue, becomes(404, 201)},
		{"a temporary password for a day", issue, always("expires_at", "2099-01-01T00:00:00.000000Z")},
		{"a temporary password that is short", issue, always("temporary_password", "123456789")},
		{"a temporary password that does not work", issue, always("temporary_password", "not this password")},
		{"the dashboard needs a token", "GET /backoffice", refuses(401, "Sign in.", noToken)},
	}
}
