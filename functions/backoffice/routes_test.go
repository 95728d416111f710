package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestRoutes(t *testing.T) {
	areatest.CheckRoutes(t, "backoffice", routes,
		"GET /backoffice", "GET /backoffice/page/{version}/{name}")
}
