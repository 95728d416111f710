package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	areatest.CheckRoutes(t, "account", routes)
}
