package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

var creation = areatest.Creation{
	Routes: routes,
	Path:   func(*areatest.Server) string { return "/post" },
	Table:  "posts",
}

func TestSameKeyReplaysResponse(t *testing.T) { areatest.SameKeyReplaysResponse(t, creation) }
func TestBadKeysAreRefused(t *testing.T)      { areatest.BadKeysAreRefused(t, creation) }
func TestFailureStoresNothing(t *testing.T)   { areatest.FailureStoresNothing(t, creation) }
func TestConcurrencyCreatesOnce(t *testing.T) { areatest.ConcurrencyCreatesOnce(t, creation) }
func TestRetryCreatesOnce(t *testing.T)       { areatest.RetryCreatesOnce(t, creation) }
