package store_test

import (
	"errors"
	"regexp"
	"testing"
	"time"

	"minifb/shared/apperror"
	"minifb/shared/store"
)

// issue gives a user of the fixture a temporary password.
func (f *fixture) issue(user int64) (password string) {
	f.t.Helper()
	password, _, err := f.store.IssueTemporaryPassword(f.t.Context(), user)
	if err != nil {
		f.t.Fatal(err)
	}
	return password
}

// issued returns the credential of a user with the temporary password that was issued.
func (f *fixture) issued(user int64) store.Credential {
	f.t.Helper()
	var id string
	if err := f.db.QueryRow(`SELECT id FROM users WHERE uid = $1`, user).Scan(&id); err != nil {
		f.t.Fatal(err)
	}
	credential, err := f.store.CredentialByID(f.t.Context(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return credential
}

func (f *fixture) signInRestricted(user int64) (store.Session, string) {
	f.t.Helper()
	session, refresh, err := f.store.OpenRestrictedSession(f.t.Context(), f.issued(user), "test")
	if err != nil {
		f.t.Fatal(err)
	}
	return session, refresh
}

func TestTemporaryPasswordIsLongRandomAndStoredHashed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	user := f.users[0]
	pattern := regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){4}$`) // 20 characters of 5 bits
	seen := map[string]bool{}
	for range 20 {
		password, expires, err := f.store.IssueTemporaryPassword(t.Context(), user)
		if err != nil {
			t.Fatal(err)
		}
		if !pattern.MatchString(password) || seen[password] {
			t.Errorf("the temporary password is %q", password)
		}
		seen[password] = true
		if left := time.Until(expires); (left - 30*time.Minute).Abs() > time.Minute {
			t.Errorf("it is valid for %v", left)
		}
		const hashed = `SELECT count(*) FROM temporary_passwords WHERE hash = sha256(convert_to($1, 'UTF8'))`
		if n := f.int(hashed, password); n != 1 {
			t.Error("its hash is not stored")
		}
		if c := f.issued(user); !c.IsTemporary(password) || c.IsTemporary(password+" ") || c.IsTemporary("") {
			t.Errorf("the credential %v does not take %q alone", c, password)
		}
	}
	if n := f.int(`SELECT count(*) FROM temporary_passwords`); n != 1 {
		t.Errorf("%d temporary passwords are valid, want the last", n)
	}
}

func TestTemporaryPasswordWorksOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	user := f.users[0]
	f.issue(user)
	checked := f.issued(user)
	session, refresh, err := f.store.OpenRestrictedSession(t.Context(), checked, "test")
	if err != nil || !session.Restricted {
		t.Fatalf("session %+v, %v", session, err)
	}
	if session, _, err = f.store.Refresh(t.Context(), refresh); err != nil || !session.Restricted {
		t.Errorf("after a refresh: session %+v, %v", session, err)
	}
	if err := f.store.RequireFullSession(t.Context(), session.ID); !is(err, apperror.Forbidden) {
		t.Errorf("RequireFullSession: got %v, want Forbidden", err)
	}
	_, _, err = f.store.OpenRestrictedSession(t.Context(), checked, "test")
	if !errors.Is(err, store.ErrCredentialChanged) {
		t.Errorf("the second use: got %v, want ErrCredentialChanged", err)
	}
	if c := f.issued(user); c != f.credential(user) {
		t.Errorf("a used temporary password is still part of the credential %v", c)
	}
	full, _ := f.signIn(user) // by the real one
	if err := f.store.RequireFullSession(t.Context(), full.ID); full.Restricted || err != nil {
		t.Errorf("a session of the real password: %+v, %v", full, err)
	}
}

func TestConcurrentSignInsWithOneTemporaryPassword(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	user := f.users[0]
	for round := range 20 {
		f.issue(user)
		checked := f.issued(user)
		results := make(chan error, 8)
		concurrently(cap(results), func(int) {
			_, _, err := f.store.OpenRestrictedSession(t.Context(), checked, "test")
			results <- err
		})
		close(results)
		for err := range results {
			if err != nil && !errors.Is(err, store.ErrCredentialChanged) {
				t.Error(err)
			}
		}
		if n := f.int(`SELECT count(*) FROM sessions`); n != round+1 {
			t.Fatalf("%d sessions after %d temporary passwords", n, round+1)
		}
	}
	f.checkInvariants()
}

func TestExpiredTemporaryPassword(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	user := f.users[0]
	password := f.issue(user)
	checked := f.issued(user)
	f.exec(`UPDATE temporary_passwords SET expires_at = now()`)
	f.issue(f.users[1])
	if c := f.issued(user); c.IsTemporary(password) {
		t.Error("it is still part of the credential")
	}
	_, _, err := f.store.OpenRestrictedSession(t.Context(), checked, "test")
	if !errors.Is(err, store.ErrCredentialChanged) {
		t.Errorf("a check before it expired: got %v, want ErrCredentialChanged", err)
	}
	prune := func(s *store.Store, batch int) (int64, error) { return s.PruneTemporaryPasswords(t.Context(), batch) }
	f.prune(prune, 10, 1)
	f.prune(prune, 10, 0)
}

func TestPasswordChangeEndsTemporaryPasswords(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	user, other := f.users[0], f.users[1]
	f.issue(other)
	f.issue(user)
	restricted, _ := f.signInRestricted(user)
	f.issue(user)
	checked := f.issued(user)
	for _, id := range []string{"USER.1", "user.2", "unknown.1"} {
		if err := f.store.RequestTemporaryPassword(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	full, _ := f.signIn(user)

	err := f.store.ChangePassword(t.Context(), f.credential(user), restricted.ID, "a new password hash")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.store.RequireFullSession(t.Context(), restricted.ID); err != nil {
		t.Errorf("the session that changed the password: got %v, want a full one", err)
	}
	if err := f.store.RequireFullSession(t.Context(), full.ID); !is(err, apperror.BadToken) {
		t.Errorf("the other session: got %v, want BadToken", err)
	}
	_, _, err = f.store.OpenRestrictedSession(t.Context(), checked, "test")
	if !errors.Is(err, store.ErrCredentialChanged) {
		t.Errorf("a temporary password from before the change: got %v, want ErrCredentialChanged", err)
	}
	if n := f.int(`SELECT count(*) FROM temporary_passwords WHERE user_uid = $1`, user); n != 0 {
		t.Error("a temporary password is left")
	}
	if n := f.int(`SELECT count(*) FROM temporary_passwords WHERE user_uid = $1`, other); n != 1 {
		t.Error("another user's temporary password is deleted")
	}
	if n := f.int(`SELECT count(*) FROM temporary_password_requests WHERE user_id IN ('user.2', 'unknown.1')`); n != 2 {
		t.Errorf("%d of the 2 requests for other accounts are left", n)
	}
	if n := f.int(`SELECT count(*) FROM temporary_password_requests WHERE user_id = 'user.1'`); n != 0 {
		t.Error("the user's request is left")
	}
}

// The temporary password counts as the current one in its own session, and nowhere else.
func TestTemporaryPasswordIsACredentialOfItsOwnSession(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	ctx, user := t.Context(), f.users[0]
	password := f.issue(user)
	full, _ := f.signIn(user)
	restricted, _ := f.signInRestricted(user)
	pending := f.issue(user)
	for session, want := range map[string]bool{restricted.ID: true, full.ID: false} {
		c, err := f.store.ViewerCredential(ctx, user, session)
		if err != nil || c.IsTemporary(password) != want || c.IsTemporary(pending) {
			t.Errorf("in session %s: %v, %v, want %t", session, c, err, want)
		}
	}
	if c, err := f.store.ViewerCredential(ctx, f.users[1], restricted.ID); err != nil || c.IsTemporary(password) {
		t.Errorf("for another user: %v, %v", c, err)
	}
}

// In whatever order a password change and a sign-in with a temporary password run, no session of it
// is left.
func TestNoRestrictedSessionOutlivesAPasswordChange(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	user := f.users[0]
	own, _ := f.signIn(user)
	for range 30 {
		f.issue(user)
		checked := f.issued(user)
		concurrently(4, func(i int) {
			switch i {
			case 0:
				allow(t, f.store.ChangePassword(t.Context(), f.credential(user), own.ID, f.credential(user).Hash))
			case 1:
				_, _, err := f.store.IssueTemporaryPassword(t.Context(), user)
				allow(t, err)
			case 2:
				allow(t, f.store.RequestTemporaryPassword(t.Context(), "user.1"))
			case 3:
				_, _, err := f.store.OpenRestrictedSession(t.Context(), checked, "test")
				allow(t, err, apperror.Unauthorized)
			}
		})
		if n := f.int(`SELECT count(*) FROM sessions WHERE restricted`); n != 0 {
			t.Fatalf("%d restricted sessions are left", n)
		}
	}
	f.checkInvariants()
}

func TestRequestTemporaryPassword(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	const due = `
		SELECT count(*) FROM temporary_password_requests WHERE user_id = $1 AND due_at <= now() AND attempts = 0`
	request := func(id string) {
		t.Helper()
		if err := f.store.RequestTemporaryPassword(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	request("USER.1")
	request("Unknown.1")
	f.exec(`
		UPDATE temporary_password_requests
		SET due_at = 'infinity', attempts = 9, error = 'refused', created_at = '2026-01-01'`)
	for _, id := range []string{"user.1", "unknown.1"} {
		request(id)
		if n := f.int(due, id); n != 1 {
			t.Errorf("the request for %s is not due again", id)
		}
	}
	if n := f.int(`SELECT count(*) FROM temporary_password_requests WHERE created_at = '2026-01-01'`); n != 2 {
		t.Errorf("%d of 2 requests keep their place", n)
	}
}

func TestIssuingSettlesTheRequest(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	for _, id := range []string{"user.1", "user.2"} {
		if err := f.store.RequestTemporaryPassword(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	password, _, err := f.store.IssueTemporaryPasswordForMail(t.Context(), f.users[0])
	if err != nil || !f.issued(f.users[0]).IsTemporary(password) {
		t.Fatal(err)
	}
	if n := f.int(`SELECT count(*) FROM temporary_password_requests`); n != 2 {
		t.Error("a request is deleted before the mail is sent")
	}
	f.issue(f.users[0])
	if n := f.int(`SELECT count(*) FROM temporary_password_requests WHERE user_id = 'user.2'`); n != 1 {
		t.Error("another user's request is deleted")
	}
	if n := f.int(`SELECT count(*) FROM temporary_password_requests`); n != 1 {
		t.Error("the request is left")
	}
	f.exec(`UPDATE users SET deleted_at = now() WHERE uid = $1`, f.users[1])
	for _, uid := range []int64{0, f.users[1]} {
		if _, _, err := f.store.IssueTemporaryPassword(t.Context(), uid); !is(err, apperror.NotFound) {
			t.Errorf("user %d: got %v, want NotFound", uid, err)
		}
	}
}
