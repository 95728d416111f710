package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"minifb/shared/apperror"
	"minifb/shared/store"
)

// Each way of ending a session is known to another process within a second.
func TestEndedSessionsAreRefusedElsewhere(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(c *crowd, session store.Session, refresh string) error{
		"one": func(c *crowd, s store.Session, _ string) error {
			return c.store.RevokeSession(c.t.Context(), s.UserUID, s.ID)
		},
		"all": func(c *crowd, s store.Session, _ string) error {
			return c.store.RevokeSessions(c.t.Context(), s.UserUID)
		},
		"account": func(c *crowd, s store.Session, _ string) error {
			return c.store.DeleteAccount(c.t.Context(), c.credential(s.UserUID))
		},
		"password": func(c *crowd, s store.Session, _ string) error {
			own, _ := c.signIn(s.UserUID)
			return c.store.ChangePassword(c.t.Context(), c.credential(s.UserUID), own.ID, "another password hash")
		},
		"reuse": func(c *crowd, s store.Session, refresh string) error {
			_, _, err := c.store.Refresh(c.t.Context(), refresh)
			c.exec(`UPDATE refresh_tokens SET used_at = used_at - interval '11 seconds'`)
			if _, _, reused := c.store.Refresh(c.t.Context(), refresh); !is(reused, apperror.BadToken) {
				return errors.New("reuse is not refused")
			}
			return err
		},
		"a cascade": func(c *crowd, s store.Session, _ string) error {
			_, err := c.db.Exec(`DELETE FROM users WHERE uid = $1`, s.UserUID)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := gather(t, 2)
			elsewhere := c.process("").NewRevokedSessions()
			session, refresh := c.signIn(c.users[0])
			standing, _ := c.signIn(c.users[1])
			if err := elsewhere.Check(t.Context(), session.ID); err != nil {
				t.Fatal(err)
			}
			if err := end(c, session, refresh); err != nil {
				t.Fatal(err)
			}
			for deadline := time.Now().Add(time.Second); ; time.Sleep(10 * time.Millisecond) {
				err := elsewhere.Check(t.Context(), session.ID)
				if is(err, apperror.BadToken) {
					break
				}
				if err != nil || time.Now().After(deadline) {
					t.Fatalf("a second later: %v", err)
				}
			}
			if err := elsewhere.Check(t.Context(), standing.ID); err != nil {
				t.Errorf("another session: %v", err)
			}
		})
	}
}

// Many requests at once make one query, and none where the copy is fresh.
func TestEndedSessionsCostOneQuery(t *testing.T) {
	t.Parallel()
	c := gather(t, 0)
	c.exec(`CREATE SEQUENCE queries`)
	c.exec(`ALTER TABLE ended_sessions RENAME TO ended`)
	c.exec(`CREATE VIEW ended_sessions AS SELECT id, ended_at FROM ended WHERE nextval('queries') > 0`)
	c.exec(`INSERT INTO ended (id) VALUES (gen_random_uuid())`)
	ended := c.store.NewRevokedSessions()
	start := time.Now()
	for range 10 {
		all(20, func(int) {
			if err := ended.Check(t.Context(), "00000000-0000-0000-0000-000000000000"); err != nil {
				t.Error(err)
			}
		})
	}
	queries := c.int(`SELECT last_value FROM queries`)
	if most := 1 + int(time.Since(start)/(800*time.Millisecond)); queries > most {
		t.Errorf("200 checks made %d queries, want %d at most", queries, most)
	}
}

func TestEndedSessionsInAnOutage(t *testing.T) {
	t.Parallel()
	c := gather(t, 0)
	away := c.process("")
	ended := away.NewRevokedSessions()
	const session = "00000000-0000-0000-0000-000000000000"
	if err := ended.Check(t.Context(), session); err != nil {
		t.Fatal(err)
	}
	if err := away.Close(); err != nil {
		t.Fatal(err)
	}
	for {
		err := ended.Check(t.Context(), session)
		if store.IsOutage(err) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	all(10, func(int) {
		if err := ended.Check(t.Context(), session); !store.IsOutage(err) {
			t.Errorf("answered %v", err)
		}
	})
}

// A request whose time is up does not wait for the query that another makes.
func TestEndedSessionsGivesUp(t *testing.T) {
	t.Parallel()
	c := gather(t, 0)
	tx := c.begin()
	if _, err := tx.Exec(`LOCK TABLE ended_sessions`); err != nil {
		t.Fatal(err)
	}
	ended := c.store.NewRevokedSessions()
	first := make(chan error)
	go func() { first <- ended.Check(t.Context(), "00000000-0000-0000-0000-000000000000") }()
	c.wait(1)
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := ended.Check(soon, "00000000-0000-0000-0000-000000000000"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("answered %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// A list that takes longer to read than it may be old serves the request that read it.
func TestEndedSessionsOnASlowDatabase(t *testing.T) {
	t.Parallel()
	c := gather(t, 0)
	c.exec(`ALTER TABLE ended_sessions RENAME TO ended`)
	c.exec(`CREATE VIEW ended_sessions AS SELECT id, ended_at FROM ended WHERE pg_sleep(1) IS NOT NULL`)
	c.exec(`INSERT INTO ended (id) VALUES ('00000000-0000-0000-0000-000000000001')`)
	ended := c.store.NewRevokedSessions()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	all(4, func(int) {
		if err := ended.Check(ctx, "00000000-0000-0000-0000-000000000000"); err != nil {
			t.Error(err)
		}
		if err := ended.Check(ctx, "00000000-0000-0000-0000-000000000001"); !is(err, apperror.BadToken) {
			t.Errorf("an ended session: %v", err)
		}
	})
}
