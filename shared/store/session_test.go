package store_test

import (
	"errors"
	"fmt"
	"testing"

	"minifb/shared/apperror"
	"minifb/shared/store"
)

// signIn opens a session for a user of the crowd.
func (c *crowd) signIn(user int64) (store.Session, string) {
	c.t.Helper()
	session, refresh, err := c.store.OpenSession(c.t.Context(), c.credential(user), "test")
	if err != nil {
		c.t.Fatal(err)
	}
	return session, refresh
}

// Whatever order a sign-in and a password change come in, no session of the old password outlives the change.
func TestNoSessionOutlivesItsPassword(t *testing.T) {
	t.Parallel()
	c := gather(t, 1)
	ann := c.users[0]
	checked := c.credential(ann)
	own, _ := c.signIn(ann)
	opened := 0
	for round := range 40 {
		changed := store.Credential{UID: ann, Hash: fmt.Sprintf("hash of round %d", round)}
		results := make(chan error, 3)
		all(4, func(i int) {
			if i == 0 {
				if err := c.store.ChangePassword(t.Context(), checked, own.ID, changed.Hash); err != nil {
					t.Error(err)
				}
				return
			}
			_, _, err := c.store.OpenSession(t.Context(), checked, "test")
			results <- err
		})
		close(results)
		for err := range results {
			if err == nil {
				opened++
			} else if !errors.Is(err, store.ErrCredentialChanged) {
				t.Error(err)
			}
		}
		if n := c.int(`SELECT count(*) FROM sessions`); n != 1 {
			t.Fatalf("round %d: %d sessions stand after the change", round, n)
		}
		checked = changed
	}
	t.Logf("%d sessions were opened just before a change", opened)
	c.settle()
}

func TestChangePasswordRefuses(t *testing.T) {
	t.Parallel()
	c := gather(t, 2)
	ctx, ann := t.Context(), c.users[0]
	own, _ := c.signIn(ann)
	hers, _ := c.signIn(c.users[1])
	stale := store.Credential{UID: ann, Hash: "another hash"}
	if err := c.store.ChangePassword(ctx, stale, own.ID, "new password hash"); !is(err, apperror.Forbidden) {
		t.Errorf("a password that was changed meanwhile: %v", err)
	}
	if err := c.store.ChangePassword(ctx, c.credential(ann), hers.ID, "new password hash"); !is(err, apperror.BadToken) {
		t.Errorf("somebody else's session: %v", err)
	}
	if err := c.store.RevokeSession(ctx, ann, own.ID); err != nil {
		t.Fatal(err)
	}
	if err := c.store.ChangePassword(ctx, c.credential(ann), own.ID, "new password hash"); !is(err, apperror.BadToken) {
		t.Errorf("a session that has ended: %v", err)
	}
	if err := c.store.Rehash(ctx, stale, "new password hash"); err != nil {
		t.Errorf("a hash that was replaced meanwhile: %v", err)
	}
	if n := c.int(`SELECT count(*) FROM users WHERE password_hash = 'no password at all'`); n != 2 {
		t.Error("a refusal changed the password")
	}
	if n := c.int(`SELECT count(*) FROM sessions`); n != 1 {
		t.Errorf("%d sessions are left, want hers", n)
	}
}

// Sessions are ended in several ways at once; none waits for another in a circle, and none ends with a failure.
func TestSessionsEndTogether(t *testing.T) {
	t.Parallel()
	c := gather(t, 1)
	ann := c.users[0]
	for range 20 {
		own, refresh := c.signIn(ann)
		for range 10 {
			c.signIn(ann)
		}
		c.exec(`UPDATE sessions SET expires_at = now() - interval '1 second' WHERE id IN (SELECT id FROM sessions ORDER BY random() LIMIT 5)`)
		all(5, func(i int) {
			var err error
			switch i {
			case 0, 1:
				err = c.store.RevokeSessions(t.Context(), ann)
			case 2:
				err = c.store.ChangePassword(t.Context(), c.credential(ann), own.ID, c.credential(ann).Hash)
			case 3:
				_, _, err = c.store.OpenSession(t.Context(), c.credential(ann), "test")
			case 4:
				_, _, err = c.store.Refresh(t.Context(), refresh)
			}
			allow(t, err, apperror.BadToken)
		})
	}
	c.settle()
}

func TestLapsedSessionsGo(t *testing.T) {
	t.Parallel()
	c := gather(t, 2)
	lapsed, _ := c.signIn(c.users[0])
	c.signIn(c.users[1])
	c.exec(`UPDATE sessions SET expires_at = now() - interval '1 second'`)
	if err := c.store.RevokeSession(t.Context(), c.users[0], lapsed.ID); !is(err, apperror.NotFound) {
		t.Errorf("a lapsed session was ended: %v", err)
	}
	list, err := c.store.Sessions(t.Context(), c.users[0], store.Page{Size: 20})
	if err != nil || len(list.Items) != 0 {
		t.Errorf("a lapsed session is listed: %+v, %v", list, err)
	}
	c.signIn(c.users[0])
	if n := c.int(`SELECT count(*) FROM sessions WHERE user_uid = $1`, c.users[0]); n != 1 {
		t.Errorf("%d sessions are left after the next sign-in", n)
	}
	for _, key := range []string{"x", "1", "1.x", "-1.00000000-0000-0000-0000-000000000000", "99999999999999999999.x", "1.00000000-0000-0000-0000-00000000000g"} {
		if _, err := c.store.Sessions(t.Context(), c.users[0], store.Page{Size: 20, After: key}); !is(err, apperror.Invalid) {
			t.Errorf("the key %q: %v", key, err)
		}
	}
}
