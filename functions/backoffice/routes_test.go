package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	areatest.CheckRoutes(t, "backoffice", routes,
		"GET /backoffice", "GET /backoffice/page/{version}/{name}")
}
