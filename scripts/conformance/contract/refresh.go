package contract

import (
	"net/http"
	"strings"

	"minifb/scripts/conformance/check"
)

// next refreshes and returns the new refresh token.
func next(t *check.T, token string) string {
	return refresh(t, token).Want(http.StatusOK).Text("refresh_token")
}

func refreshCases() []check.Case {
	var all list
	all.add("refresh/rotation", "POST /refresh is 200 with Tokens, rotated.", func(t *check.T) {
		u := t.NewUser()
		session := sessionID(t, u)
		r := refresh(t, u.Refresh).Want(http.StatusOK).Is(tokensShape).Has("must_change_password", false)
		r.WithHeader("Cache-Control", "no-store")
		if r.Text("refresh_token") == u.Refresh || r.Text("access_token") == u.Access {
			r.Failf("new tokens", "the same")
		}
		u.Access = r.Text("access_token")
		check.Equal(t, "session", sessionID(t, u), session)
		next(t, next(t, r.Text("refresh_token")))
	})
	all.add("refresh/the old access token", "Access tokens live 5 minutes, also after a refresh.", func(t *check.T) {
		u := t.NewUser()
		next(t, u.Refresh)
		get(t, u, "/user")
	})
	all.add("refresh/reuse", "Using a rotated refresh token again ends the whole session.", func(t *check.T) {
		u := t.NewUser()
		other := another(t, u)
		first := u.Refresh
		u.Refresh = next(t, next(t, first))
		refresh(t, first).Want(http.StatusUnauthorized)
		isRevoked(t, u)
		get(t, other, "/user")
	})
	all.add("refresh/a lost response", "Within 10 seconds the direct parent is forgiven and gets another successor.",
		func(t *check.T) {
			u := t.NewUser()
			lost := next(t, u.Refresh)
			again := next(t, u.Refresh)
			if again == lost {
				t.Failf("another successor", "the same")
			}
			next(t, again)
			get(t, u, "/user")
		})
	all.add("refresh/two successors", "Of two successors the first one used wins; using the other afterwards is reuse.",
		func(t *check.T) {
			for _, wins := range []int{0, 1} {
				u := t.NewUser()
				successors := []string{next(t, u.Refresh), next(t, u.Refresh)}
				u.Refresh = next(t, successors[wins])
				refresh(t, successors[1-wins]).Want(http.StatusUnauthorized)
				isRevoked(t, u)
			}
		})
	all.add("refresh/the parent of a used one", "A parent whose successor was used is not forgiven.", func(t *check.T) {
		u := t.NewUser()
		parent := u.Refresh
		u.Refresh = next(t, next(t, parent))
		refresh(t, parent).Want(http.StatusUnauthorized)
		isRevoked(t, u)
	})
	all.add("refresh/together", "Two refreshes at the same time both succeed.", func(t *check.T) {
		u := t.NewUser()
		request := check.Request{Do: "POST /refresh", Body: check.JSON{"refresh_token": u.Refresh}}
		both := t.Together([]check.Request{request, request})
		tokens := []string{both[0].Want(http.StatusOK).Text("refresh_token"), both[1].Want(http.StatusOK).
			Text("refresh_token")}
		next(t, tokens[0])
		get(t, u, "/user")
	})
	return append(all, badRefreshCases()...)
}

// badRefreshCases send refresh tokens that were never given.
func badRefreshCases() []check.Case {
	var all list
	for name, spoil := range map[string]func(token string) string{
		"unknown":       func(string) string { return "no-such-token" },
		"altered":       func(token string) string { return swapFirst(token) },
		"cut off":       func(token string) string { return token[:len(token)-4] },
		"longer":        func(token string) string { return token + "x" },
		"another case":  func(token string) string { return swapCase(token) },
		"a blank after": func(token string) string { return token + " " },
	} {
		all.add("refresh/"+name, "A refresh token that was never given is 401, and ends nothing.", func(t *check.T) {
			u := t.Borrow()
			refresh(t, spoil(u.Refresh)).Want(http.StatusUnauthorized)
			get(t, u, "/user")
			u.Refresh = next(t, u.Refresh)
		})
	}
	all.add("refresh/an access token", "An access token is no refresh token.", func(t *check.T) {
		u := t.Borrow()
		if r := refresh(t, u.Access); r.Status != http.StatusBadRequest { // it may be too long for one
			r.Want(http.StatusUnauthorized)
		}
	})
	return all
}

func swapFirst(token string) string {
	first := "A"
	if strings.HasPrefix(token, first) {
		first = "B"
	}
	return first + token[1:]
}

func swapCase(token string) string {
	if upper := strings.ToUpper(token); upper != token {
		return upper
	}
	return strings.ToLower(token)
}
