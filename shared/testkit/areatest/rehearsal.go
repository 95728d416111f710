package areatest

import (
	"log/slog"
	"net/http"
	"testing"

	"minifb/shared/function"
	"minifb/shared/limit"
)

// EveryRouteIsRehearsed calls each route as a deploy does before the release serves, and checks that each
// call succeeds and that nothing of it remains.
func EveryRouteIsRehearsed(t *testing.T, routes function.Routes) {
	t.Helper()
	s := newServer(t)
	rules, err := limit.Parse("on")
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	statuses, err := function.Rehearse(t.Context(), "test", routes, s.Deps, rules, log)
	if err != nil {
		t.Fatal(err)
	}
	for _, operation := range operations(openAPI(t, routes)) {
		route := routeOf(operation)
		status := statuses[route]
		if status < http.StatusOK || status >= http.StatusBadRequest {
			t.Errorf("%s has the status %d in a rehearsal: let rehearsalValue in shared/function name what it needs",
				route, status)
		}
	}
	if left := s.Int(`
		SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM posts) + (SELECT count(*) FROM sessions)
			+ (SELECT count(*) FROM total_changes) + (SELECT count(*) FROM rate_limits)`); left > 0 {
		t.Errorf("a rehearsal leaves %d rows", left)
	}
}
