package main

import "sync/atomic"

// A clock counts the kills. While one has begun and is not settled, requests may break, and what a broken request asked for
// may still happen: PostgreSQL finishes a statement whose caller is dead.
type clock struct{ begun, settled atomic.Int64 }

// A register is what a thing may hold, by what its only writer was told.
type register[T comparable] struct {
	value  T
	doubts []doubt[T]
}

// A doubt is a value whose request broke in a kill.
type doubt[T comparable] struct {
	value T
	kill  int64
}

// holds tells whether the thing may hold v.
func (r *register[T]) holds(v T) bool { return r.any(func(held T) bool { return held == v }) }

// any tells whether the thing may hold a value that matches.
func (r *register[T]) any(matches func(T) bool) bool {
	if matches(r.value) {
		return true
	}
	for _, d := range r.doubts {
		if matches(d.value) {
			return true
		}
	}
	return false
}

// acknowledge notes what a request was answered for. Doubts that were settled before it was sent are over.
func (r *register[T]) acknowledge(v T, settledBefore int64) {
	r.value = v
	var left []doubt[T]
	for _, d := range r.doubts {
		if d.kill > settledBefore {
			left = append(left, d)
		}
	}
	r.doubts = left
}

// doubt notes what a broken request asked for.
func (r *register[T]) doubt(v T, kill int64) { r.doubts = append(r.doubts, doubt[T]{v, kill}) }

// A fate is what became of a thing that can be deleted, by what everybody was told.
type fate struct {
	condemned atomic.Bool // a deletion was sent: it may be gone
	deleted   atomic.Bool // a deletion was acknowledged: it is gone
}
