package store_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"minifb/shared/apperror"
	"minifb/shared/store"
)

// While statements take long, later calls are refused early, and with an error that says that
// nothing was stored. Afterwards calls succeed at once.
func TestCallsBehindASlowDatabaseAreRefusedEarly(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 0)
	s, err := store.Open(f.url, "busy", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	lock := f.begin()
	if _, err := lock.Exec("LOCK TABLE posts"); err != nil {
		t.Fatal(err)
	}
	read := func(size int) error { // reads of one size would wait for each other
		_, err := s.Posts(t.Context(), 0, store.Page{Size: size})
		return err
	}
	first := make(chan error, 1)
	go func() { first <- read(20) }()
	f.waitForLocks(1)
	calls := map[string]func() error{
		"a read":        func() error { return read(10) },
		"a transaction": func() error { return s.DeleteOwnPost(t.Context(), 1, 1, nil) },
		"a statement":   func() error { _, err := s.UserByID(t.Context(), "ann.1"); return err },
	}
	refused := make(chan error, len(calls))
	for _, call := range calls {
		go func() { refused <- call() }()
	}
	for range calls {
		var e *apperror.Error
		if err := <-refused; !errors.As(err, &e) || e.Code != apperror.Unavailable {
			t.Errorf("got %v, want Unavailable", err)
		}
	}
	if n := s.Pool().WaitCount; n != int64(len(calls)) {
		t.Errorf("the pool counts %d waits, want %d", n, len(calls))
	}
	if took := s.Pool().WaitDuration; took < 3*store.MaxWait || took > 6*store.MaxWait {
		t.Errorf("the calls waited %s in all, want %s each", took, store.MaxWait)
	}

	// A caller's own time limit comes first.
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := s.Posts(short, 0, store.Page{Size: 20}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the end of the caller's time", err)
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-first; err != nil {
		t.Errorf("the call that had the connection: %v", err)
	}
	if err := read(20); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// Every request needs the list of revoked sessions. So its query does not wait behind the requests that wait for a
// connection.
func TestRevokedSessionsAreReadBeforeWaitingCalls(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 0)
	s, err := store.Open(f.url, "queue", 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	lock := func(table string) *sql.Tx {
		tx := f.begin()
		if _, err := tx.Exec("LOCK TABLE " + table); err != nil {
			t.Fatal(err)
		}
		return tx
	}
	users, posts := lock("users"), lock("posts")
	results := make(chan error, 2)
	go func() { results <- second(s.Administrators(t.Context())) }()
	f.waitForLocks(1)
	waiting := func(n int64) {
		for s.Pool().WaitCount < n {
			time.Sleep(time.Millisecond)
		}
	}
	go func() { results <- second(s.Posts(t.Context(), 0, store.Page{Size: 20})) }()
	waiting(1)
	checked := make(chan error, 1)
	go func() { checked <- s.NewRevokedSessions().Check(t.Context(), validSession) }()
	waiting(2)
	if err := users.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-checked; err != nil {
		t.Errorf("the check of a session: %v", err)
	}
	if err := posts.Rollback(); err != nil {
		t.Fatal(err)
	}
	for range cap(results) {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}
