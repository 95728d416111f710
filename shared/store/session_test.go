package store_test

import (
	"errors"
	"fmt"
	"testing"

	"minifb/shared/apperror"
	"minifb/shared/store"
)

// signIn opens a session for a user of the fixture.
func (f *fixture) signIn(user int64) (store.Session, string) {
	f.t.Helper()
	session, refresh, err := f.store.OpenSession(f.t.Context(), f.credential(user), "test")
	if err != nil {
		f.t.Fatal(err)
	}
	return session, refresh
}

// In whatever order sign-ins and a password change run, no session of the old password is left.
func TestNoSessionOutlivesAPasswordChange(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	user := f.users[0]
	checked := f.credential(user)
	own, _ := f.signIn(user)
	opened := 0
	for round := range 40 {
		changed := store.Credential{UID: user, Hash: fmt.Sprintf("hash of round %d", round)}
		results := make(chan error, 3)
		concurrently(4, func(i int) {
			if i == 0 {
				if err := f.store.ChangePassword(t.Context(), checked, own.ID, changed.Hash); err != nil {
					t.Error(err)
				}
				return
			}
			_, _, err := f.store.OpenSession(t.Context(), checked, "test")
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
		if n := f.int(`SELECT count(*) FROM sessions`); n != 1 {
			t.Fatalf("round %d: %d sessions are left after the change, want 1", round, n)
		}
		checked = changed
	}
	t.Logf("%d sessions were opened before a change", opened)
	f.checkInvariants()
}

func TestChangePasswordErrors(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	ctx, user := t.Context(), f.users[0]
	own, _ := f.signIn(user)
	others, _ := f.signIn(f.users[1])
	outdated := store.Credential{UID: user, Hash: "another hash"}
	const newHash = "new password hash"
	if err := f.store.ChangePassword(ctx, outdated, own.ID, newHash); !is(err, apperror.Forbidden) {
		t.Errorf("with an outdated credential: got %v, want Forbidden", err)
	}
	if err := f.store.ChangePassword(ctx, f.credential(user), others.ID, newHash); !is(err, apperror.BadToken) {
		t.Errorf("in another user's session: got %v, want BadToken", err)
	}
	if err := f.store.RevokeSession(ctx, user, own.ID); err != nil {
		t.Fatal(err)
	}
	if err := f.store.ChangePassword(ctx, f.credential(user), own.ID, newHash); !is(err, apperror.BadToken) {
		t.Errorf("in a revoked session: got %v, want BadToken", err)
	}
	if err := f.store.Rehash(ctx, outdated, newHash); err != nil {
		t.Errorf("Rehash with an outdated credential: got %v, want no error", err)
	}
	if n := f.int(`SELECT count(*) FROM users WHERE password_hash = 'no password at all'`); n != 2 {
		t.Errorf("%d users have their old password, want 2", n)
	}
	if n := f.int(`SELECT count(*) FROM sessions`); n != 1 {
		t.Errorf("%d sessions are left, want the other user's", n)
	}
}

// Sessions are revoked in several ways at once, without a deadlock and without an unexpected error.
func TestConcurrentRevocations(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	user := f.users[0]
	for range 20 {
		own, refresh := f.signIn(user)
		for range 10 {
			f.signIn(user)
		}
		f.exec(`UPDATE sessions SET expires_at = now() - interval '1 second'
			WHERE id IN (SELECT id FROM sessions ORDER BY random() LIMIT 5)`)
		concurrently(5, func(i int) {
			var err error
			switch i {
			case 0, 1:
				err = f.store.RevokeSessions(t.Context(), user)
			case 2:
				err = f.store.ChangePassword(t.Context(), f.credential(user), own.ID, f.credential(user).Hash)
			case 3:
				_, _, err = f.store.OpenSession(t.Context(), f.credential(user), "test")
			case 4:
				_, _, err = f.store.Refresh(t.Context(), refresh)
			}
			allow(t, err, apperror.BadToken)
		})
	}
	f.checkInvariants()
}

func TestExpiredSessions(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	expired, _ := f.signIn(f.users[0])
	f.signIn(f.users[1])
	f.exec(`UPDATE sessions SET expires_at = now() - interval '1 second'`)
	if err := f.store.RevokeSession(t.Context(), f.users[0], expired.ID); !is(err, apperror.NotFound) {
		t.Errorf("revoking an expired session: got %v, want NotFound", err)
	}
	list, err := f.store.Sessions(t.Context(), f.users[0], store.Page{Size: 20})
	if err != nil || len(list.Items) != 0 {
		t.Errorf("listing an expired session: got %+v, %v, want no items", list, err)
	}
	f.signIn(f.users[0])
	if n := f.int(`SELECT count(*) FROM sessions WHERE user_uid = $1`, f.users[0]); n != 1 {
		t.Errorf("%d sessions are left after the next sign-in, want 1", n)
	}
	for _, key := range []string{
		"x", "1", "1.x", "-1.00000000-0000-0000-0000-000000000000", "99999999999999999999.x",
		"1.00000000-0000-0000-0000-00000000000g",
	} {
		page := store.Page{Size: 20, After: key}
		if _, err := f.store.Sessions(t.Context(), f.users[0], page); !is(err, apperror.Invalid) {
			t.Errorf("the key %q: got %v, want Invalid", key, err)
		}
	}
}
