package contract

import (
	"net/http"
	"time"

	"minifb/scripts/conformance/check"
)

// ExpiredCases returns the cases of expired tokens. The kit does not wait for the 5 minutes after which an
// access token expires: it needs one that the server has signed and that has expired.
func ExpiredCases(token string) []check.Case {
	var all list
	all.add("token/expired", "An expired token is 401, by every function, and called expired.", func(t *check.T) {
		p := parse(t, token)
		if !p.verifies(t, published(t, p.header["kid"])) {
			t.Failf("an access token of this server", "one that it has not signed")
		}
		if expires, _ := p.claims["exp"].(float64); expires == 0 || time.Now().Before(time.Unix(int64(expires), 0)) {
			t.Failf("an access token that has expired", "exp is %v", p.claims["exp"])
		}
		for _, do := range everyFunction {
			r := t.Send(check.Request{Do: do, Header: bearer(token)})
			isBadToken(r)
			r.Hints("expired")
		}
	})
	all.add("token/expired, before the body", "A token is checked before the body.", func(t *check.T) {
		r := t.Send(check.Request{Do: "POST /post", Body: "{", Header: bearer(token)})
		isBadToken(r)
		r.Hints("expired")
	})
	all.add("token/expired, where none is needed", "Where no token is needed, one that is sent is ignored.",
		func(t *check.T) {
			t.Send(check.Request{Do: "GET /check/id/" + t.NewID(), Header: bearer(token)}).Want(http.StatusOK)
		})
	return all
}
