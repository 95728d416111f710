package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestRoutes(t *testing.T) { t.Parallel(); areatest.RoutesMatchTemplate(t, "auth", routes) }
func TestOutage(t *testing.T) {
	t.Parallel()
	areatest.EveryRouteReturns503WithoutDatabase(t, routes, "GET /.well-known/jwks.json")
}
func TestTokens(t *testing.T) { t.Parallel(); areatest.EveryRouteRefusesBadTokens(t, routes) }
func TestBodies(t *testing.T) { t.Parallel(); areatest.EveryRouteRefusesBadBodies(t, routes) }
