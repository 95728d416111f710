package main

import (
	"testing"

	"minifb/shared/bundletest"
)

func TestRoutes(t *testing.T) { bundletest.RoutesMatchTemplate(t, "timeline", routes) }
func TestOutage(t *testing.T) { bundletest.EveryRouteAnswers503WithoutDatabase(t, routes) }
func TestTokens(t *testing.T) { bundletest.EveryRouteRefusesBadTokens(t, routes) }
