package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestRoutes(t *testing.T) { areatest.RoutesMatchTemplate(t, "timeline", routes) }
func TestOutage(t *testing.T) { areatest.EveryRouteReturns503WithoutDatabase(t, routes) }
func TestTokens(t *testing.T) { areatest.EveryRouteRefusesBadTokens(t, routes) }
