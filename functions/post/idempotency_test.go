package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

var keyed = areatest.KeyedRoute{
	Routes: routes,
	Path:   func(*areatest.Server) string { return "/post" },
	Table:  "posts",
}

func TestSameKeyReplaysResponse(t *testing.T) { areatest.SameKeyReplaysResponse(t, keyed) }
func TestBadKeysAreRefused(t *testing.T)      { areatest.BadKeysAreRefused(t, keyed) }
func TestFailureStoresNothing(t *testing.T)   { areatest.FailureStoresNothing(t, keyed) }
func TestConcurrencyCreatesOnce(t *testing.T) { areatest.ConcurrencyCreatesOnce(t, keyed) }
func TestRetryCreatesOnce(t *testing.T)       { areatest.RetryCreatesOnce(t, keyed) }
