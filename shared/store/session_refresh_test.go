package store_test

import (
	"testing"

	"minifb/shared/apperror"
)

// The tokens of one session are refreshed concurrently, each more than once. At the end, a session
// that is left has at least one unused token, and a revoked one has none.
func TestConcurrentRefreshes(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	revoked := 0
	for range 15 {
		session, first := f.signIn(f.users[0])
		tokens := make(chan string, 100)
		tokens <- first
		concurrently(6, func(int) {
			for range 5 {
				token := <-tokens
				_, successor, err := f.store.Refresh(t.Context(), token)
				allow(t, err, apperror.BadToken)
				if err == nil {
					tokens <- successor
				}
				tokens <- token // to be used again, before or after its successor
			}
		})
		sessions := f.int(`SELECT count(*) FROM sessions WHERE id = $1`, session.ID)
		unused := f.int(`SELECT count(*) FROM refresh_tokens WHERE session_id = $1 AND used_at IS NULL`, session.ID)
		if (sessions == 1) != (unused > 0) {
			t.Errorf("%d sessions are left with %d unused tokens", sessions, unused)
		}
		revoked += 1 - sessions
	}
	if revoked == 0 {
		t.Error("no session was revoked: no token was used too late")
	}
	f.checkInvariants()
}

func TestReuseRevokesTheSession(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	session, first := f.signIn(f.users[0])
	token := first
	for range 2 {
		_, successor, err := f.store.Refresh(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		token = successor
	}
	if _, _, err := f.store.Refresh(t.Context(), first); !is(err, apperror.BadToken) {
		t.Errorf("a token whose successor was used: got %v, want BadToken", err)
	}
	if err := f.store.NewRevokedSessions().Check(t.Context(), session.ID); !is(err, apperror.BadToken) {
		t.Errorf("its session: got %v, want BadToken", err)
	}
	if n := f.int(`SELECT count(*) FROM refresh_tokens`); n != 0 {
		t.Errorf("%d of its tokens are left, want none", n)
	}
}
