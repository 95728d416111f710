package main

import "testing"

// GET /metrics reads the backlog with the function's own rights.
func TestBacklogCanBeRead(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.request(t, 1)
	if got, err := f.Deps.Store.Backlog(t.Context()); err != nil || got.MailsDue != 1 {
		t.Errorf("got %+v, %v, want one mail", got, err)
	}
}
