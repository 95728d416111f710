package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestRoutes(t *testing.T) {
	areatest.CheckRoutes(t, "post", routes)
}
