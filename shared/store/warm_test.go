package store_test

import (
	"testing"

	"minifb/shared/store"
)

// The connections that a start opens are there for the first requests, and no more than the pool may hold.
func TestWarm(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 0)
	if err := f.store.Warm(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	if open := f.store.DB().Stats(); open.Idle < 3 || open.InUse != 0 {
		t.Errorf("%d connections are idle and %d in use, want 3 idle", open.Idle, open.InUse)
	}
	if err := f.store.Warm(t.Context(), 1000); err != nil {
		t.Errorf("more than the pool holds: %v", err)
	}
	away := f.open("")
	if err := away.Close(); err != nil {
		t.Fatal(err)
	}
	if err := away.Warm(t.Context(), 3); !store.IsOutage(err) {
		t.Errorf("without a database: %v", err)
	}
}
