package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestMain(m *testing.M) { areatest.Main(m, routes) }
