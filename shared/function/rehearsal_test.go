package function_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/testkit/areatest"
)

// A release with a route that fails does not get into service. The error names each of them.
func TestARehearsalFailsWithTheRoutesThatFail(t *testing.T) {
	t.Parallel()
	routes := func(a *api.API, _ function.Deps) {
		failure := errors.New("no")
		for path, err := range map[string]error{"/fine": nil, "/failing": failure, "/broken": failure} {
			api.Register(a, api.Route{Method: http.MethodGet, Path: path, Access: api.Public},
				func(context.Context, *struct{}) (*struct{}, error) { return &struct{}{}, err })
		}
	}
	s := areatest.New(t, routes)
	log := slog.New(slog.DiscardHandler)
	statuses, err := function.Rehearse(t.Context(), "test", routes, s.Deps, nil, log)
	if err == nil || !strings.Contains(err.Error(), "GET /failing: 500") ||
		!strings.Contains(err.Error(), "GET /broken: 500") || strings.Contains(err.Error(), "/fine") {
		t.Errorf("the error is %v", err)
	}
	if statuses["GET /fine"] != http.StatusNoContent {
		t.Errorf("the statuses are %v", statuses)
	}
}
