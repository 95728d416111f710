package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"minifb/shared/apperror"
	"minifb/shared/store"
	"minifb/shared/token"
)

// Another process refuses a revoked session within a second, in whatever way it was revoked.
func TestRevokedSessionIsRefusedByOtherProcesses(t *testing.T) {
	t.Parallel()
	for name, revoke := range map[string]func(f *fixture, session store.Session, refresh string) error{
		"RevokeSession": func(f *fixture, s store.Session, _ string) error {
			return f.store.RevokeSession(f.t.Context(), s.UserUID, s.ID)
		},
		"RevokeSessions": func(f *fixture, s store.Session, _ string) error {
			return f.store.RevokeSessions(f.t.Context(), s.UserUID)
		},
		"DeleteAccount": func(f *fixture, s store.Session, _ string) error {
			return f.store.DeleteAccount(f.t.Context(), f.credential(s.UserUID))
		},
		"ChangePassword": func(f *fixture, s store.Session, _ string) error {
			own, _ := f.signIn(s.UserUID)
			return f.store.ChangePassword(f.t.Context(), f.credential(s.UserUID), own.ID, "another password hash")
		},
		"reuse of a refresh token": func(f *fixture, s store.Session, refresh string) error {
			_, _, err := f.store.Refresh(f.t.Context(), refresh)
			f.exec(`UPDATE refresh_tokens SET used_at = used_at - interval '11 seconds'`)
			if _, _, reused := f.store.Refresh(f.t.Context(), refresh); !is(reused, apperror.BadToken) {
				return errors.New("reuse is not refused")
			}
			return err
		},
		"a cascade": func(f *fixture, s store.Session, _ string) error {
			_, err := f.db.Exec(`DELETE FROM users WHERE uid = $1`, s.UserUID)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, 2)
			revoked := f.open("").NewRevokedSessions()
			session, refresh := f.signIn(f.users[0])
			valid, _ := f.signIn(f.users[1])
			if err := revoked.Check(t.Context(), session.ID); err != nil {
				t.Fatal(err)
			}
			if err := revoke(f, session, refresh); err != nil {
				t.Fatal(err)
			}
			for deadline := time.Now().Add(time.Second); ; time.Sleep(10 * time.Millisecond) {
				err := revoked.Check(t.Context(), session.ID)
				if is(err, apperror.BadToken) {
					break
				}
				if err != nil || time.Now().After(deadline) {
					t.Fatalf("after a second: got %v, want BadToken", err)
				}
			}
			if err := revoked.Check(t.Context(), valid.ID); err != nil {
				t.Errorf("another session: got %v", err)
			}
		})
	}
}

const validSession, revokedSession = "00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001"

// Concurrent checks share one query, and a fresh copy needs none.
func TestRevokedSessionsAreReadOnceForAll(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 0)
	f.exec(`CREATE SEQUENCE queries`)
	f.exec(`ALTER TABLE ended_sessions RENAME TO original`)
	f.exec(`CREATE VIEW ended_sessions AS SELECT id, ended_at FROM original WHERE nextval('queries') > 0`)
	f.exec(`INSERT INTO original (id) VALUES ($1)`, revokedSession)
	revoked := f.store.NewRevokedSessions()
	start := time.Now()
	for range 10 {
		concurrently(20, func(int) {
			if err := revoked.Check(t.Context(), validSession); err != nil {
				t.Error(err)
			}
		})
	}
	queries := f.int(`SELECT last_value FROM queries`)
	if limit := 1 + int(time.Since(start)/(800*time.Millisecond)); queries > limit {
		t.Errorf("200 checks made %d queries, want at most %d", queries, limit)
	}
}

func TestRevokedSessionsInAnOutage(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 0)
	closed := f.open("")
	revoked := closed.NewRevokedSessions()
	if err := revoked.Check(t.Context(), validSession); err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for { // until the copy is too old
		err := revoked.Check(t.Context(), validSession)
		if store.IsOutage(err) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	concurrently(10, func(int) {
		if err := revoked.Check(t.Context(), validSession); !store.IsOutage(err) {
			t.Errorf("got %v, want an outage", err)
		}
	})
}

// A request stops waiting for another's query at its own deadline.
func TestRevokedSessionsCheckObeysItsDeadline(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 0)
	tx := f.begin()
	if _, err := tx.Exec(`LOCK TABLE ended_sessions`); err != nil {
		t.Fatal(err)
	}
	revoked := f.store.NewRevokedSessions()
	first := make(chan error)
	go func() { first <- revoked.Check(t.Context(), validSession) }()
	f.waitForLocks(1)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := revoked.Check(ctx, validSession); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// A list that takes longer to read than it may be old still serves the requests that came before it was read, so none
// waits for more than two reads.
func TestRevokedSessionsOnASlowDatabase(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 0)
	f.exec(`ALTER TABLE ended_sessions RENAME TO original`)
	f.exec(`CREATE VIEW ended_sessions AS SELECT id, ended_at FROM original WHERE pg_sleep(1) IS NOT NULL`)
	f.exec(`INSERT INTO original (id) VALUES ($1)`, revokedSession)
	revoked := f.store.NewRevokedSessions()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	concurrently(20, func(int) {
		if err := revoked.Check(ctx, validSession); err != nil {
			t.Error(err)
		}
		if err := revoked.Check(ctx, revokedSession); !is(err, apperror.BadToken) {
			t.Errorf("a revoked session: got %v, want BadToken", err)
		}
	})
}

// A revoked session stays on the list for four minutes longer than its access tokens live: clocks differ,
// and a transaction may commit late.
func TestRevokedSessionsOutlastTheirTokens(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 0)
	age := token.Lifetime + token.Leeway + 4*time.Minute
	f.exec(`INSERT INTO ended_sessions VALUES ($1, now() - $2 * interval '1 second')`, revokedSession, age.Seconds())
	if n, err := f.store.PruneRevokedSessions(t.Context(), 10); n != 0 || err != nil {
		t.Errorf("%d records were pruned, %v, want none", n, err)
	}
	if err := f.store.NewRevokedSessions().Check(t.Context(), revokedSession); !is(err, apperror.BadToken) {
		t.Errorf("revoked %v ago: got %v, want BadToken", age, err)
	}
}
