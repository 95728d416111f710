package areatest

import (
	"testing"

	"minifb/shared/function"
)

// CheckRoutes runs the checks that are the same for every area. Each is a subtest. WithoutDatabase
// names the routes that succeed without the database, as "METHOD /path".
func CheckRoutes(t *testing.T, area string, routes function.Routes, withoutDatabase ...string) {
	t.Helper()
	for name, check := range map[string]func(*testing.T){
		"template":     func(t *testing.T) { RoutesMatchTemplate(t, area, routes) },
		"descriptions": func(t *testing.T) { EveryPropertyIsDescribed(t, routes) },
		"rehearsal":    func(t *testing.T) { EveryRouteIsRehearsed(t, routes) },
		"tokens":       func(t *testing.T) { EveryRouteRefusesBadTokens(t, routes) },
		"bodies":       func(t *testing.T) { EveryRouteRefusesBadBodies(t, routes) },
		"outage":       func(t *testing.T) { EveryRouteReturns503WithoutDatabase(t, routes, withoutDatabase...) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t)
		})
	}
}
