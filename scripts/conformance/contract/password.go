package contract

import (
	"net/http"

	"minifb/scripts/conformance/check"
)

const newPassword = "battery staple"

// passwordCases check PATCH /user/password.
func passwordCases() []check.Case {
	var all list
	body := func(current, changed string) check.JSON {
		return check.JSON{"password": current, "new_password": changed}
	}
	all.add("password/changed", "After a change only the new password signs in.", func(t *check.T) {
		u := t.NewUser()
		change(t, u, "/user/password", body(password, newPassword)).Want(http.StatusNoContent)
		tryAuth(t, u.ID, password).Want(http.StatusUnauthorized)
		tryAuth(t, u.ID, newPassword).Want(http.StatusOK).Has("must_change_password", false)
	})
	all.add("password/other sessions", "Changing the password ends every other session, and not this one.",
		func(t *check.T) {
			u := t.NewUser()
			other := another(t, u)
			change(t, u, "/user/password", body(password, newPassword)).Want(http.StatusNoContent)
			isRevoked(t, other)
			get(t, u, "/user")
			next(t, u.Refresh)
		})
	all.add("password/wrong", "A wrong current password is 403, and changes nothing.", func(t *check.T) {
		u := t.NewUser()
		other := another(t, u)
		change(t, u, "/user/password", body("another password", newPassword)).Want(http.StatusForbidden)
		tryAuth(t, u.ID, newPassword).Want(http.StatusUnauthorized)
		tryAuth(t, u.ID, password).Want(http.StatusOK)
		get(t, other, "/user")
	})
	all.add("password/another user's", "One's own password counts, not that of another user.", func(t *check.T) {
		u, eve := t.NewUser(), t.NewUser()
		change(t, eve, "/user/password", body(password, newPassword)).Want(http.StatusNoContent)
		change(t, u, "/user/password", body(newPassword, "yet another one")).Want(http.StatusForbidden)
		tryAuth(t, u.ID, password).Want(http.StatusOK)
	})
	all.add("password/what must be sent", "password and new_password must be sent.", func(t *check.T) {
		u := t.Borrow()
		change(t, u, "/user/password", check.JSON{"password": password}).Want(http.StatusBadRequest).
			Hints("new_password", "10", "100")
		change(t, u, "/user/password", check.JSON{"new_password": newPassword}).Want(http.StatusBadRequest).
			Hints("password", "10", "100")
	})
	all.add("password/twice", "A password can be changed again.", func(t *check.T) {
		u := t.NewUser()
		change(t, u, "/user/password", body(password, newPassword)).Want(http.StatusNoContent)
		change(t, u, "/user/password", body(password, "yet another one")).Want(http.StatusForbidden)
		change(t, u, "/user/password", body(newPassword, password)).Want(http.StatusNoContent)
		tryAuth(t, u.ID, password).Want(http.StatusOK)
	})
	all.add("password/data stays", "Changing the password changes nothing else.", func(t *check.T) {
		u := t.NewUser()
		before := get(t, u, "/user")
		change(t, u, "/user/password", body(password, newPassword)).Want(http.StatusNoContent)
		get(t, u, "/user").Equals(before)
	})
	return all
}
