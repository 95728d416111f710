package main

import (
	"testing"

	"minifb/shared/bundletest"
)

func TestRoutes(t *testing.T) { t.Parallel(); bundletest.RoutesMatchTemplate(t, "auth", routes) }
func TestOutage(t *testing.T) {
	t.Parallel()
	bundletest.EveryRouteAnswers503WithoutDatabase(t, routes, "GET /.well-known/jwks.json")
}
func TestTokens(t *testing.T) { t.Parallel(); bundletest.EveryRouteRefusesBadTokens(t, routes) }
func TestBodies(t *testing.T) { t.Parallel(); bundletest.EveryRouteRefusesBadBodies(t, routes) }
