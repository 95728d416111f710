package contract

import (
	"net/http"
	"strconv"
	"strings"

	"minifb/scripts/conformance/check"
)

const wrongPassword = "another password"

// LimitCases returns the cases of the profile limits, for a server with the default limits. They
// exhaust the limits of accounts and sessions of their own. Of what a client may do they need a part:
// some 25 of 100 sign-ins, 4 of 20 sign-ups and 6 of 20 requests for temporary passwords.
func LimitCases() []check.Case {
	var all list
	all.add("limits/sign-in", "Sign-in is limited to 10 per 10 minutes for one account from one client.",
		func(t *check.T) {
			u, other := signUp(t, t.NewID()), signUp(t, t.NewID())
			wrong := check.Request{Do: "POST /auth", Body: check.JSON{"id": u.ID, "password": wrongPassword}}
			exhaust(t, wrong, http.StatusUnauthorized, 10, 600)
			t.Rule("After that the right password is 429, too, with the ID in any case.")
			for _, id := range []string{u.ID, strings.ToUpper(u.ID)} {
				isLimited(tryAuth(t, id, u.Password), 600)
			}
			t.Rule("Another account of the same client is not limited by that.")
			tryAuth(t, other.ID, other.Password).Want(http.StatusOK)
		})
	all.add("limits/sign-in to no account", "The limit is the same for an ID that nobody has.", func(t *check.T) {
		exhaust(t, check.Request{Do: "POST /auth", Body: check.JSON{"id": t.NewID(), "password": wrongPassword}},
			http.StatusUnauthorized, 10, 600)
	})
	for name, newID := range map[string]func(*check.T) string{
		"an account": func(t *check.T) string { return signUp(t, t.NewID()).ID }, "no account": (*check.T).NewID,
	} {
		all.add("limits/temporary password for "+name,
			"Temporary passwords are limited to 3 per 30 minutes for an account, whether it exists or not.",
			func(t *check.T) {
				exhaust(t, check.Request{Do: "POST /temporary-password", Body: check.JSON{"id": newID(t)}},
					http.StatusAccepted, 3, 1800)
			})
	}
	all.add("limits/wrong current password",
		"Wrong current passwords are limited to 10 per 10 minutes for a session, over all three routes.",
		limitsCurrentPasswords)
	return all
}

// limitsCurrentPasswords checks the limit of wrong current passwords.
func limitsCurrentPasswords(t *check.T) {
	u := t.NewUser()
	other := another(t, u)
	requests := func(current string) []check.Request {
		return []check.Request{
			{Do: "PATCH /user/email", As: u, Body: check.JSON{"password": current, "email": nil}},
			{Do: "PATCH /user/password", As: u, Body: check.JSON{"password": current, "new_password": newPassword}},
			{Do: "POST /user/deletion", As: u, Body: check.JSON{"password": current}},
		}
	}
	wrong := requests(wrongPassword)
	for i := range 8 {
		t.Send(wrong[i%len(wrong)]).Want(http.StatusForbidden)
	}
	exhaust(t, wrong[2], http.StatusForbidden, 2, 600)
	t.Rule("After that the right current password is 429, too, and a refresh changes nothing.")
	for range 2 {
		for _, right := range requests(password) {
			isLimited(t.Send(right), 600)
		}
		u.Access = refresh(t, u.Refresh).Want(http.StatusOK).Text("access_token")
	}
	t.Rule("Another session of the account is not limited by that.")
	change(t, other, "/user/email", check.JSON{"password": password, "email": nil}).Want(http.StatusOK)
}

// exhaust sends a request until it is 429. It must get another status exactly as often as it may be
// sent, or a few times more: a slow server may allow some again meanwhile.
func exhaust(t *check.T, r check.Request, status, allowed, longestWait int) {
	const more = 3
	for n := range allowed + more {
		response := t.Send(r)
		if n < allowed || n < allowed+more-1 && response.Status == status {
			response.Want(status)
			continue
		}
		isLimited(response, longestWait)
		return
	}
}

// isLimited checks a 429.
func isLimited(r *check.Response, longestWait int) {
	r.Want(http.StatusTooManyRequests)
	wait, err := strconv.Atoi(r.Header.Get("Retry-After"))
	if err != nil || wait < 1 || wait > longestWait {
		r.Failf("Retry-After: 1 to "+itoa(longestWait), "Retry-After: %s", r.Header.Get("Retry-After"))
	}
}
