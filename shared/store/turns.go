package store

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"minifb/shared/apperror"
)

// maxWait is how long a request waits for a connection, or for the list of revoked sessions. While
// the database is slow or does not respond, those that come later are refused after this time,
// before anything of them is carried out; they would otherwise wait until their own time limit.
const maxWait = 5 * time.Second

const busyHint = "The database is busy, and nothing was stored; try again in a moment."

var errBusy = apperror.New(apperror.Unavailable, busyHint)

// turns gives each connection of a pool to one caller at a time, in the order of the calls.
// database/sql does so too, but lets callers wait for as long as their contexts do.
type turns struct {
	taken         chan struct{} // holds a value for each connection in use
	waits, waited atomic.Int64  // how often callers had to wait, and for how many nanoseconds
}

func newTurns(connections int) *turns { return &turns{taken: make(chan struct{}, connections)} }

// take waits for a connection, and returns an Unavailable error after maxWait. Without turns, the
// caller has a connection already.
func (t *turns) take(ctx context.Context) error {
	if t == nil {
		return nil
	}
	select {
	case t.taken <- struct{}{}:
		return nil
	default:
	}
	t.waits.Add(1)
	began := time.Now()
	defer func() { t.waited.Add(int64(time.Since(began))) }()
	limit := time.NewTimer(maxWait)
	defer limit.Stop()
	select {
	case t.taken <- struct{}{}:
		return nil
	case <-limit.C:
		return errBusy
	case <-ctx.Done():
		return fmt.Errorf("wait for a connection: %w", ctx.Err())
	}
}

// leave gives the connection to the next caller.
func (t *turns) leave() {
	if t != nil {
		<-t.taken
	}
}
