package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

// These checks are the same for every area; see package areatest.

func TestRoutes(t *testing.T) {
	t.Parallel()
	areatest.RoutesMatchTemplate(t, "account", routes)
}

func TestDescriptions(t *testing.T) {
	t.Parallel()
	areatest.EveryPropertyIsDescribed(t, routes)
}

func TestRehearsal(t *testing.T) {
	t.Parallel()
	areatest.EveryRouteIsRehearsed(t, routes)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	areatest.EveryRouteRefusesBadTokens(t, routes)
}

func TestBodies(t *testing.T) {
	t.Parallel()
	areatest.EveryRouteRefusesBadBodies(t, routes)
}

func TestOutage(t *testing.T) {
	t.Parallel()
	areatest.EveryRouteReturns503WithoutDatabase(t, routes)
}
