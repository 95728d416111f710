package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	areatest.CheckRoutes(t, "docs", routes,
		"GET /", "GET /docs", "GET /docs/page/{version}/{name}", "GET /openapi.json")
}
