package contract

import (
	"net/http"
	"time"

	"minifb/scripts/conformance/check"
)

// requestPassword requests a temporary password.
func requestPassword(t *check.T, id string) *check.Response {
	return t.Send(check.Request{Do: "POST /temporary-password", Body: check.JSON{"id": id}}).
		Want(http.StatusAccepted).Is(emptyShape)
}

// issued returns a temporary password of a user.
func issued(t *check.T, u *check.User) string {
	return t.Send(check.Request{Do: "POST /backoffice/user/" + u.ID + "/temporary-password", As: t.Admin()}).
		Want(http.StatusCreated).Is(issuedShape).Text("temporary_password")
}

// restricted signs in with a temporary password.
func restricted(t *check.T, u *check.User, temporary string) *check.User {
	r := tryAuth(t, u.ID, temporary).Want(http.StatusOK).Is(tokensShape).Has("must_change_password", true)
	return &check.User{ID: u.ID, Access: r.Text("access_token"), Refresh: r.Text("refresh_token")}
}

// isRestricted checks that a session can only change the password.
func isRestricted(t *check.T, u *check.User) {
	for _, do := range append(everyFunction, "GET /timeline/"+u.ID, "DELETE /session/current", "DELETE /session") {
		t.Send(check.Request{Do: do, As: u}).Want(http.StatusForbidden)
	}
}

// temporaryPasswordCases check temporary passwords, from the request to the new password.
func temporaryPasswordCases() []check.Case {
	var all list
	all.add("temporary password/request", "POST /temporary-password is 202 {}, whether the account exists or not.",
		func(t *check.T) {
			known := requestPassword(t, t.Borrow().ID)
			unknown := requestPassword(t, t.NewID())
			unknown.Equals(known)
			check.Equal(t, "Content-Length", unknown.Header.Get("Content-Length"), known.Header.Get("Content-Length"))
		})
	all.add("temporary password/the real one works", "A request does not keep the real password from working.",
		func(t *check.T) {
			u := t.Borrow()
			requestPassword(t, u.ID)
			tryAuth(t, u.ID, password).Want(http.StatusOK).Has("must_change_password", false)
			get(t, u, "/user")
		})
	all.admin("temporary password/waiting", "A request that nobody can be mailed for waits in the back office.",
		func(t *check.T) {
			u := t.NewUser()
			requestPassword(t, u.ID)
			find := func() bool {
				r := get(t, t.Admin(), "/backoffice/temporary-password?size=100").Is(pageOf(requestShape))
				for i := range size(r) {
					if r.Text("items."+itoa(i)+".user.id") == u.ID {
						return true
					}
				}
				return false
			}
			t.Eventually(15*time.Second, "a request of "+u.ID, find)
			issued(t, u)
			t.Eventually(5*time.Second, "no request after one was issued", func() bool { return !find() })
		})
	all.admin("temporary password/issue", "Issuing is 201 with a password and an end within 30 minutes, not cached.",
		func(t *check.T) {
			u := t.NewUser()
			r := t.Send(check.Request{Do: "POST /backoffice/user/" + u.ID + "/temporary-password", As: t.Admin()}).
				Want(http.StatusCreated).Is(issuedShape)
			ends, err := time.Parse(time.RFC3339, r.Text("expires_at"))
			if left := time.Until(ends); err != nil || left < 28*time.Minute || left > 31*time.Minute {
				r.Failf("30 minutes", "%v", left)
			}
			tryAuth(t, u.ID, password).Want(http.StatusOK).Has("must_change_password", false)
			get(t, u, "/user")
		})
	all.admin("temporary password/unknown user", "Issuing for nobody is 404.", func(t *check.T) {
		for _, id := range []string{t.NewID(), "x"} {
			t.Send(check.Request{Do: "POST /backoffice/user/" + id + "/temporary-password", As: t.Admin()}).
				Want(http.StatusNotFound)
		}
	})
	all.admin("temporary password/restricted",
		"A session opened with it can only change the password, also after a refresh.",
		func(t *check.T) {
			u := t.NewUser()
			s := restricted(t, u, issued(t, u))
			isRestricted(t, s)
			r := refresh(t, s.Refresh).Want(http.StatusOK).Has("must_change_password", true)
			s.Access = r.Text("access_token")
			isRestricted(t, s)
			t.Send(check.Request{Do: "POST /post", As: s, Body: check.JSON{"content": "x"}}).Want(http.StatusForbidden)
			get(t, u, "/user")
		})
	return append(all, temporarySignInCases()...)
}

// temporarySignInCases check how a temporary password ends.
func temporarySignInCases() []check.Case {
	var all list
	all.admin("temporary password/once", "A temporary password is for one sign-in.", func(t *check.T) {
		u := t.NewUser()
		temporary := issued(t, u)
		restricted(t, u, temporary)
		tryAuth(t, u.ID, temporary).Want(http.StatusUnauthorized)
	})
	all.admin("temporary password/the last one", "A new temporary password replaces the one before.", func(t *check.T) {
		u := t.NewUser()
		first, second := issued(t, u), issued(t, u)
		tryAuth(t, u.ID, first).Want(http.StatusUnauthorized)
		restricted(t, u, second)
	})
	for name, real := range map[string]bool{"temporary": false, "real": true} {
		all.admin("temporary password/change giving the "+name+" one",
			"Changing the password, giving the temporary or the real one, makes this session a full one.",
			func(t *check.T) {
				u := t.NewUser()
				temporary := issued(t, u)
				s := restricted(t, u, temporary)
				current := temporary
				if real {
					current = password
				}
				change(t, s, "/user/password", check.JSON{"password": "another password", "new_password": newPassword}).
					Want(http.StatusForbidden)
				change(t, s, "/user/password", check.JSON{"password": current, "new_password": newPassword}).
					Want(http.StatusNoContent)
				get(t, s, "/user").Has("id", u.ID)
				refresh(t, s.Refresh).Want(http.StatusOK).Has("must_change_password", false)
				isRevoked(t, u)
				tryAuth(t, u.ID, newPassword).Want(http.StatusOK).Has("must_change_password", false)
				tryAuth(t, u.ID, password).Want(http.StatusUnauthorized)
			})
	}
	all.admin("temporary password/ended by a change", "Changing the password, by whichever session, ends it.",
		func(t *check.T) {
			u := t.NewUser()
			temporary := issued(t, u)
			change(t, u, "/user/password", check.JSON{"password": password, "new_password": newPassword}).
				Want(http.StatusNoContent)
			tryAuth(t, u.ID, temporary).Want(http.StatusUnauthorized)
		})
	return all
}
