package main

import "sync/atomic"

// killCounts counts the kills of all functions. From when a kill begins until it is settled,
// requests may fail, and PostgreSQL may still execute what a killed function sent.
type killCounts struct{ begun, settled atomic.Int64 }

// expected is the state of a value in the database that only one worker changes: a reaction or the
// text of a comment.
type expected[T comparable] struct {
	value   T // of the last acknowledged write
	pending []pending[T]
}

// pending is a write with an unknown outcome.
type pending[T comparable] struct {
	value T
	kill  int64 // during which the write failed
}

// allows reports whether the database may hold v.
func (e *expected[T]) allows(v T) bool {
	return e.allowsAny(func(w T) bool { return v == w })
}

// allowsAny reports whether the database may hold a value that matches.
func (e *expected[T]) allowsAny(matches func(T) bool) bool {
	if matches(e.value) {
		return true
	}
	for _, p := range e.pending {
		if matches(p.value) {
			return true
		}
	}
	return false
}

// acknowledge records a write that succeeded. Pending writes whose kill was settled when the
// request was sent can no longer happen after it.
func (e *expected[T]) acknowledge(v T, settledBefore int64) {
	e.value = v
	var open []pending[T]
	for _, p := range e.pending {
		if p.kill > settledBefore {
			open = append(open, p)
		}
	}
	e.pending = open
}

// addPending records a write with an unknown outcome.
func (e *expected[T]) addPending(v T, kill int64) {
	e.pending = append(e.pending, pending[T]{v, kill})
}

// A deletion is how far the deletion of a post or comment has come.
type deletion struct {
	requested    atomic.Bool // the row may be deleted
	acknowledged atomic.Bool // the row is deleted
}
