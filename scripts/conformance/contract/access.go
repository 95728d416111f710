package contract

import (
	"net/http"
	"strings"

	"minifb/scripts/conformance/check"
)

// accessCases check who may call each route. The id that they use does not exist, because a token is
// checked before anything is looked up.
func accessCases() []check.Case {
	var all list
	for _, r := range routes {
		request := check.Request{Do: r.to(missing)}
		if r.body != "" {
			request.Body = r.body
		}
		if r.access == signedIn || r.access == administrator {
			all.add("access/"+r.String()+": no token", "Without a token where one is needed: 401.", func(t *check.T) {
				t.Send(request).Want(http.StatusUnauthorized).WithHeader("WWW-Authenticate", "Bearer")
			})
		}
		if r.access != anyone {
			all.add("access/"+r.String()+": a bad token", "A bad token is 401, never anonymous.", func(t *check.T) {
				bad := request
				bad.Header = bearer("no.such.token")
				isBadToken(t.Send(bad))
			})
		} else {
			all.add("access/"+r.String()+": a token is ignored",
				"Where no token is needed, one that is sent is ignored.",
				func(t *check.T) { ignoresTokens(t, r) })
		}
		if r.access == administrator {
			all.add("access/"+r.String()+": a user",
				"Only an administrator may; anyone else gets 403 before a look-up.",
				func(t *check.T) {
					other := request
					other.As = t.Borrow()
					t.Send(other).Want(http.StatusForbidden)
				})
		}
	}
	return all
}

func isBadToken(r *check.Response) {
	r.Want(http.StatusUnauthorized)
	got := r.Header.Get("WWW-Authenticate")
	if !strings.HasPrefix(got, "Bearer") || !strings.Contains(got, `error="invalid_token"`) {
		r.Failf(`WWW-Authenticate: Bearer error="invalid_token"`, "%s", got)
	}
}

// ignoresTokens calls a route without and with a bad token.
func ignoresTokens(t *check.T, r route) {
	request := check.Request{Do: r.to(t.NewID())}
	if r.body != "" {
		request.Body = strings.ReplaceAll(r.body, "nobody.0", t.NewID())
	}
	want := http.StatusOK
	switch r.path {
	case "/signup":
		want = http.StatusCreated
	case "/temporary-password":
		want = http.StatusAccepted
	case "/auth":
		request.Body = check.JSON{"id": t.Borrow().ID, "password": password}
	case "/refresh":
		request.Body = check.JSON{"refresh_token": t.NewUser().Refresh}
	}
	request.Header = bearer("no.such.token")
	t.Send(request).Want(want)
}
