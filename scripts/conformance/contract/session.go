package contract

import (
	"net/http"
	"strings"
	"time"

	"minifb/scripts/conformance/check"
)

// within is how soon a revoked session has to be refused, with some time for a slow machine.
const within = 1500 * time.Millisecond

// isRevoked checks that every function refuses the tokens of a session. A function may have several processes, and the
// next one may notice later.
func isRevoked(t *check.T, u *check.User) {
	t.Rule("A session that ends is refused by every function within one second.")
	deadline := time.Now().Add(within)
	for _, do := range everyFunction {
		var r *check.Response
		t.Eventually(time.Until(deadline), do+" is 401", func() bool {
			r = t.Send(check.Request{Do: do, As: u})
			return r.Status == http.StatusUnauthorized
		})
		isBadToken(r)
	}
	refresh(t, u.Refresh).Want(http.StatusUnauthorized)
}

// sessionID returns the id of the session of a user's token.
func sessionID(t *check.T, u *check.User) string {
	r := get(t, u, "/session?size=100")
	items, _ := r.Get("items").([]any)
	for i := range items {
		item := "items." + itoa(i)
		if r.Get(item+".current") == true {
			return r.Text(item + ".id")
		}
	}
	r.Failf("a session that is current", "none")
	return ""
}

func sessionCases() []check.Case {
	var all list
	all.add("session/list", "GET /session lists one's sessions, newest first; one is current.", func(t *check.T) {
		u := t.NewUser()
		r := t.Send(check.Request{
			Do: "POST /auth", Body: check.JSON{"id": u.ID, "password": password},
			Header: []string{"User-Agent: kit/2 한"},
		}).Want(http.StatusOK)
		second := &check.User{ID: u.ID, Access: r.Text("access_token"), Refresh: r.Text("refresh_token")}
		l := get(t, second, "/session").Is(pageOf(sessionShape)).Has("next", nil)
		check.Equal(t, "sessions", size(l), 2)
		l.Has("items.0.current", true).Has("items.1.current", false)
		if agent := l.Text("items.0.user_agent"); !strings.HasPrefix(agent, "kit/2") {
			l.Failf("the User-Agent of the sign-in", "%s", agent)
		}
		l.Has("items.1.user_agent", "minifb-check")
		get(t, u, "/session").Has("items.0.current", false).Has("items.1.current", true)
	})
	all.add("session/last used", "last_used_at moves at each refresh at least.", func(t *check.T) {
		u := t.NewUser()
		before := get(t, u, "/session").Text("items.0.last_used_at")
		created := get(t, u, "/session").Text("items.0.created_at")
		r := refresh(t, u.Refresh).Want(http.StatusOK)
		u.Access = r.Text("access_token")
		l := get(t, u, "/session").Has("items.0.created_at", created)
		if l.Text("items.0.last_used_at") <= before {
			l.Failf("last_used_at after "+before, "%s", l.Text("items.0.last_used_at"))
		}
	})
	all.add("session/end current", "DELETE /session/current ends one's own session, and no other.", func(t *check.T) {
		u := t.NewUser()
		other := another(t, u)
		remove(t, u, "/session/current")
		isRevoked(t, u)
		get(t, other, "/user")
	})
	all.add("session/end by id", "DELETE /session/{id} ends that session, and no other.", func(t *check.T) {
		u := t.NewUser()
		other := another(t, u)
		id := sessionID(t, other)
		remove(t, u, "/session/"+id)
		isRevoked(t, other)
		get(t, u, "/user")
		t.Send(check.Request{Do: "DELETE /session/" + id, As: u}).Want(http.StatusNotFound)
		check.Equal(t, "sessions", size(get(t, u, "/session")), 1)
	})
	all.add("session/another user's", "The session of another user is 404, and goes on.", func(t *check.T) {
		u, eve := t.Borrow(), t.Borrow()
		t.Send(check.Request{Do: "DELETE /session/" + sessionID(t, u), As: eve}).Want(http.StatusNotFound)
		get(t, u, "/user")
	})
	all.add("session/end all", "DELETE /session ends all sessions, this one too.", func(t *check.T) {
		u := t.NewUser()
		other := another(t, u)
		remove(t, u, "/session")
		isRevoked(t, u)
		isRevoked(t, other)
		tryAuth(t, u.ID, password).Want(http.StatusOK)
	})
	all.add("session/not public", "Sessions are not public.", func(t *check.T) {
		u, eve := t.Borrow(), t.Borrow()
		mine := sessionID(t, u)
		if body := string(get(t, eve, "/session?size=100").Body); strings.Contains(body, mine) {
			t.Failf("no session of another user", "%s is listed", mine)
		}
	})
	return all
}
