package areatest

import (
	"testing"
	"time"

	"minifb/shared/testkit/testdb"
)

// RaceWith sends the step's request while a transaction that has executed the statement is open,
// and returns the response. The transaction commits as soon as the request waits for one of its
// locks, so the request has read the rows as they were before the statement and writes them after
// it.
func (s *Server) RaceWith(t testing.TB, step Step, statement string, args ...any) Response {
	t.Helper()
	tx, err := s.DB.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	if _, err := tx.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
	responses := make(chan Response, 1)
	go func() {
		defer close(responses) // also if Do ends this goroutine by t.Fatal
		responses <- Do(t, s.URL, step)
	}()
	s.waitForLock(t, responses)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return <-responses
}

func (s *Server) waitForLock(t testing.TB, responses <-chan Response) {
	t.Helper()
	for s.Waiting() == 0 {
		select {
		case response := <-responses:
			t.Fatalf("the request did not wait for a lock: %d %s", response.Status, response.Body)
		case <-time.After(time.Millisecond):
		}
	}
}

// Waiting returns how many statements on the database wait for a lock, whatever their role.
func (s *Server) Waiting() int {
	s.t.Helper()
	n, err := testdb.Waiting(s.t.Context(), s.DB)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}
