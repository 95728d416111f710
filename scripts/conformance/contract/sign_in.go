package contract

import (
	"net/http"
	"strings"

	"minifb/scripts/conformance/check"
)

// signInCases check POST /auth.
func signInCases() []check.Case {
	var all list
	all.add("auth/tokens", "POST /auth is 200 with Tokens.", func(t *check.T) {
		u := t.Borrow()
		tryAuth(t, u.ID, u.Password).Want(http.StatusOK).Is(tokensShape).Has("must_change_password", false).
			Has("expires_in", 300)
	})
	all.add("auth/not cached", "Tokens are not cached.", func(t *check.T) {
		u := t.Borrow()
		tryAuth(t, u.ID, u.Password).Want(http.StatusOK).WithHeader("Cache-Control", "no-store")
	})
	all.add("auth/any case", "An ID is signed in with whatever the case.", func(t *check.T) {
		u := t.Borrow()
		for _, id := range []string{strings.ToUpper(u.ID), strings.ToLower(u.ID)} {
			r := tryAuth(t, id, u.Password).Want(http.StatusOK)
			get(t, &check.User{Access: r.Text("access_token")}, "/user").Has("id", u.ID)
		}
	})
	all.add("auth/wrong", "A wrong password and an unknown ID get the same answer.", func(t *check.T) {
		wrong := tryAuth(t, t.Borrow().ID, "another password").Want(http.StatusUnauthorized)
		unknown := tryAuth(t, t.NewID(), "another password").Want(http.StatusUnauthorized)
		unknown.Equals(wrong)
		unknown.WithHeader("WWW-Authenticate", wrong.Header.Get("WWW-Authenticate"))
	})
	all.add("auth/password in another case", "A password is compared to the letter.", func(t *check.T) {
		u := t.Borrow()
		for _, wrong := range []string{strings.ToUpper(password), password + " ", " " + password, password + "\u0301"} {
			tryAuth(t, u.ID, wrong).Want(http.StatusUnauthorized)
		}
	})
	all.add("auth/not normalised", "A password is not normalised.", func(t *check.T) {
		id, nfc, nfd := t.NewID(), strings.Repeat("한", 10), strings.Repeat("\u1112\u1161\u11ab", 10)
		t.Send(check.Request{Do: "POST /signup", Body: check.JSON{"id": id, "password": nfc, "name": "Ann"}}).
			Want(http.StatusCreated)
		tryAuth(t, id, nfd).Want(http.StatusUnauthorized)
		tryAuth(t, id, nfc).Want(http.StatusOK)
	})
	for name, wrong := range map[string]any{
		"9 characters": "123456789", "101 characters": strings.Repeat("x", 101), "none": "", "null": nil,
		"a number": 1234567890,
	} {
		all.add("auth/password: "+name, "Signing in with an ill-formed password is 400, like any ill-formed field.",
			func(t *check.T) {
				t.Send(check.Request{Do: "POST /auth", Body: check.JSON{"id": t.NewID(), "password": wrong}}).
					Want(http.StatusBadRequest).Hints("password", "10", "100")
			})
	}
	all.add("auth/what must be sent", "A hint gives a field's whole rule, also of a missing one.", func(t *check.T) {
		t.Send(check.Request{Do: "POST /auth", Body: check.JSON{"id": "ann.1"}}).Want(http.StatusBadRequest).
			Hints("password", "10", "100")
		t.Send(check.Request{Do: "POST /auth", Body: check.JSON{"password": password}}).Want(http.StatusBadRequest).
			Hints("id", "4", "50")
		t.Send(check.Request{Do: "POST /refresh", Body: check.JSON{}}).Want(http.StatusBadRequest).
			Hints("refresh_token")
	})
	all.add("auth/several sessions", "Each sign-in is a session of its own.", func(t *check.T) {
		u := t.Borrow()
		other := another(t, u)
		if other.Access == u.Access || other.Refresh == u.Refresh {
			t.Failf("other tokens", "the same")
		}
		get(t, u, "/user")
		get(t, other, "/user")
	})
	return all
}
