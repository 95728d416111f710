package main

import (
	"maps"
	"slices"
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestRequestTemporaryPassword(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	b.User("Ann.1")
	request := func(name, id string, want int) areatest.Step {
		return areatest.Step{Name: name, Do: "POST /temporary-password", Body: `{"id":"` + id + `"}`, Want: want}
	}
	b.Run(t, []areatest.Step{
		request("known", "ann.1", 202), request("in another case", "ANN.1", 202), request("unknown", "nobody.1", 202),
		request("ill-formed", "a b c d", 400), request("short", "abc", 400), request("Hangul", "가가가가", 400),
	})
	if n := b.Int(`SELECT count(*) FROM temporary_password_requests WHERE user_id IN ('ann.1', 'nobody.1')`); n != 2 {
		t.Errorf("%d of 2 requests are stored", n)
	}
	if n := b.Int(`SELECT count(*) FROM temporary_password_requests`); n != 2 {
		t.Errorf("%d requests are stored", n)
	}
}

// Neither the response nor the work says whether the account exists.
func TestTemporaryPasswordTellsNothingOfAnAccount(t *testing.T) {
	t.Parallel()
	b := areatest.Limited(t, routes, "on")
	b.User("known.1")
	b.User("mailed.1")
	b.Exec(`UPDATE users SET email = 'ann@example.org' WHERE id = 'mailed.1'`)
	deleted := b.User("deleted.1")
	b.Exec(`UPDATE users SET deleted_at = now() WHERE uid = $1`, deleted.UID)
	counted, executed := b.CountStatements(t)
	b.Deps.Store = counted
	b.Deps.Limits = nil
	b.URL = areatest.Serve(t, routes, b.Deps)
	var first areatest.Response
	for _, id := range []string{"known.1", "mailed.1", "deleted.1", "unknown.1"} {
		before := executed()
		response := b.Do(t, nil, "POST /temporary-password", `{"id":"`+id+`"}`)
		if n := executed() - before; n != 1 {
			t.Errorf("%s: %d statements, want 1", id, n)
		}
		response.Header.Del("X-Request-Id")
		response.Header.Del("Date")
		if first.Header == nil {
			first = response
		}
		if response.Status != 202 || string(response.Body) != "{}" ||
			!maps.EqualFunc(response.Header, first.Header, slices.Equal) {
			t.Errorf("%s: %d %s %v", id, response.Status, response.Body, response.Header)
		}
	}
}
