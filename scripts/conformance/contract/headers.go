package contract

import (
	"net/http"
	"strings"

	"minifb/scripts/conformance/check"
)

// headerCases check the headers that do not belong to one route.
func headerCases() []check.Case {
	var all list
	const ids = "X-Request-Id is the caller's, where it sent a sane one."
	for name, do := range map[string]string{
		"a success": "GET /post?size=1", "an error": "GET /post/" + missing, "no route": "GET /nowhere",
		"another method": "BREW /post",
	} {
		all.add("header/X-Request-Id: "+name, ids, func(t *check.T) {
			id := t.NewID()
			t.Send(check.Request{Do: do, Header: []string{"X-Request-Id: " + id}}).WithHeader("X-Request-Id", id)
		})
		all.add("header/X-Request-Id: "+name+", generated", ids, func(t *check.T) {
			first, second := t.Send(check.Request{Do: do}), t.Send(check.Request{Do: do})
			if first.Header.Get("X-Request-Id") == second.Header.Get("X-Request-Id") {
				second.Failf("another X-Request-Id for each request", "the same")
			}
		})
	}
	for name, sent := range map[string]string{
		"too long": strings.Repeat("x", 2000), "a blank": "a b", "quotes": `a"b`, "Hangul": "한글", "braces": "{\"a\":1}",
	} {
		all.add("header/X-Request-Id: "+name, "An X-Request-Id that is not sane is replaced.", func(t *check.T) {
			r := t.Send(check.Request{Do: "GET /post?size=1", Header: []string{"X-Request-Id: " + sent}}).
				Want(http.StatusOK)
			if got := r.Header.Get("X-Request-Id"); got == sent || strings.ContainsAny(got, " \"{") {
				r.Failf("another X-Request-Id", "%s", got)
			}
		})
	}
	for _, r := range routes {
		if r.access != optionalToken {
			continue
		}
		all.add("header/"+r.String()+": Vary", "Where a token is optional, the response has Vary: Authorization.",
			func(t *check.T) {
				owner := t.Borrow()
				target := strings.Replace(r.path, "{id}", owner.ID, 1)
				switch {
				case strings.HasPrefix(r.path, "/post/{id}"):
					target = newPost(t, owner, "x") + strings.TrimPrefix(r.path, "/post/{id}")
				case strings.HasPrefix(r.path, "/comment/{id}"):
					target = newThing(t, owner, "comment") + strings.TrimPrefix(r.path, "/comment/{id}")
				}
				varies(t.Send(check.Request{Do: "GET " + target}).Want(http.StatusOK))
				varies(t.Send(check.Request{Do: "GET " + target, As: owner}).Want(http.StatusOK))
			})
	}
	all.add("header/Authorization: scheme", "The scheme Bearer is accepted in any case.", func(t *check.T) {
		u := t.Borrow()
		for _, scheme := range []string{"bearer", "BEARER", "bEaReR"} {
			t.Send(check.Request{Do: "GET /user", Header: []string{"Authorization: " + scheme + " " + u.Access}}).
				Want(http.StatusOK)
		}
	})
	return all
}

func varies(r *check.Response) {
	if !strings.Contains(strings.Join(r.Header.Values("Vary"), ","), "Authorization") {
		r.Failf("Vary: Authorization", "Vary: %s", r.Header.Get("Vary"))
	}
}
