package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestList(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	second, third, lapsed := b.SignIn(ann), b.SignIn(ann), b.SignIn(ann)
	b.Exec(`UPDATE sessions SET expires_at = now() - interval '1 second' WHERE id = $1`, lapsed.Session)

	var next string
	b.Run(t, []areatest.Step{
		{Name: "signed out", Do: "GET /session", Want: 401},
		{Name: "one's own, newest first", As: second, Do: "GET /session", Want: 200, Check: listed(second, third, second, ann)},
		{Name: "somebody else's", As: eve, Do: "GET /session", Want: 200, Check: listed(eve, eve)},
		{Name: "a page", As: ann, Do: "GET /session?size=2", Want: 200, Check: func(t *testing.T, a areatest.Response) {
			listed(ann, third, second)(t, a)
			next, _ = a.Object(t)["next"].(string)
		}},
	})
	b.Exec(`DELETE FROM sessions WHERE id = $1`, second.Session) // the page's last item: the walk goes on all the same
	b.Run(t, []areatest.Step{
		{Name: "the next page", As: ann, Do: "GET " + next, Want: 200, Check: listed(ann, ann)},
		{Name: "size 0", As: ann, Do: "GET /session?size=0", Want: 400},
		{Name: "size 1", As: ann, Do: "GET /session?size=1", Want: 200},
		{Name: "size 100", As: ann, Do: "GET /session?size=100", Want: 200},
		{Name: "size 101", As: ann, Do: "GET /session?size=101", Want: 400},
		{Name: "a bad cursor", As: ann, Do: "GET /session?cursor=x", Want: 400},
	})
}

// listed checks that a list holds the sessions of these callers, and that the caller's own is the current one.
func listed(as *areatest.Caller, of ...*areatest.Caller) func(*testing.T, areatest.Response) {
	return func(t *testing.T, a areatest.Response) {
		t.Helper()
		t.Helper()
		items := a.Items(t)
		if len(items) != len(of) {
			t.Fatalf("%d sessions, want %d: %s", len(items), len(of), a.Body)
		}
		for i, item := range items {
			if item["id"] != of[i].Session || item["current"] != (of[i] == as) || item["user_agent"] != "test" ||
				item["created_at"] == nil || item["last_used_at"] == nil || len(item) != 5 {
				t.Errorf("item %d is %v", i, item)
			}
		}
	}
}
