package store_test

import (
	"testing"

	"minifb/shared/apperror"
)

// Refreshes of one family race with each other and with a thief. Whatever comes first, a session that stands in the end
// has one token that is good at least, and one that ended has none.
func TestRefreshFamilyRaces(t *testing.T) {
	t.Parallel()
	c := gather(t, 1)
	ended := 0
	for range 15 {
		session, first := c.signIn(c.users[0])
		tokens := make(chan string, 100)
		tokens <- first
		all(6, func(int) {
			for range 5 {
				token := <-tokens
				_, successor, err := c.store.Refresh(t.Context(), token)
				allow(t, err, apperror.BadToken)
				if err == nil {
					tokens <- successor
				}
				tokens <- token // and again, before or after its successor
			}
		})
		stands := c.int(`SELECT count(*) FROM sessions WHERE id = $1`, session.ID)
		good := c.int(`SELECT count(*) FROM refresh_tokens WHERE session_id = $1 AND used_at IS NULL`, session.ID)
		if (stands == 1) != (good > 0) {
			t.Errorf("%d sessions with %d good tokens", stands, good)
		}
		ended += 1 - stands
	}
	if ended == 0 {
		t.Error("no session ended: no token was used twice too late")
	}
	c.settle()
}

// Who ends a session for reuse has it refused everywhere.
func TestReuseIsRemembered(t *testing.T) {
	t.Parallel()
	c := gather(t, 1)
	session, first := c.signIn(c.users[0])
	token := first
	for range 2 {
		_, successor, err := c.store.Refresh(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		token = successor
	}
	if _, _, err := c.store.Refresh(t.Context(), first); !is(err, apperror.BadToken) {
		t.Errorf("the grandparent: %v", err)
	}
	if err := c.store.NewRevokedSessions().Check(t.Context(), session.ID); !is(err, apperror.BadToken) {
		t.Errorf("the session is not among those that ended: %v", err)
	}
	if n := c.int(`SELECT count(*) FROM refresh_tokens`); n != 0 {
		t.Errorf("%d of its tokens are left", n)
	}
}
