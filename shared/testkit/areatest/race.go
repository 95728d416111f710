package areatest

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"minifb/shared/apperror"
	"minifb/shared/password"
)

// RaceWith sends the step's request while a transaction that has executed the statement is open, and returns the response.
// The transaction commits as soon as the request waits for one of its locks, so the request has read the rows as they were
// before the statement and writes them after it.
func (b *Server) RaceWith(t testing.TB, step Step, statement string, args ...any) Response {
	t.Helper()
	tx, err := b.DB.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	if _, err := tx.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
	answered := make(chan Response, 1)
	go func() {
		defer close(answered) // also where Do gives up
		answered <- Do(t, b.URL, step)
	}()
	b.waitForLock(t, answered)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return <-answered
}

func (b *Server) waitForLock(t testing.TB, answered <-chan Response) {
	t.Helper()
	for b.Int(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 0 {
		select {
		case answer := <-answered:
			t.Fatalf("the step did not wait: %d %s", answer.Status, answer.Body)
		case <-time.After(time.Millisecond):
		}
	}
}

// BusyHasher is a hasher with as many callers under way and waiting as it takes, until the test ends: who asks it for
// anything is told so.
func BusyHasher(t testing.TB) *password.Hasher {
	t.Helper()
	hasher := password.New(200_000)
	ctx, stop := context.WithCancel(context.Background())
	callers := runtime.GOMAXPROCS(0) * 70 // more than may wait
	done := make(chan struct{})
	t.Cleanup(func() {
		stop()
		for range callers {
			<-done
		}
	})
	for range callers {
		go func() {
			for ctx.Err() == nil {
				if _, err := hasher.Hash(ctx, Password); err != nil {
					time.Sleep(time.Millisecond)
				}
			}
			done <- struct{}{}
		}()
	}
	for range 10_000 {
		soon, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
		_, err := hasher.Hash(soon, Password)
		cancel()
		if f, ok := apperror.From(err); ok && f.Code == apperror.Unavailable && !errors.Is(err, context.DeadlineExceeded) {
			return hasher
		}
	}
	t.Fatal("the hasher does not fill")
	return nil
}
