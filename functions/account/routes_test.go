package main

import (
	"testing"

	"minifb/shared/bundletest"
)

func TestRoutes(t *testing.T) { t.Parallel(); bundletest.RoutesMatchTemplate(t, "account", routes) }
func TestOutage(t *testing.T) {
	t.Parallel()
	bundletest.EveryRouteAnswers503WithoutDatabase(t, routes)
}
func TestTokens(t *testing.T) { t.Parallel(); bundletest.EveryRouteRefusesBadTokens(t, routes) }
func TestBodies(t *testing.T) { t.Parallel(); bundletest.EveryRouteRefusesBadBodies(t, routes) }
