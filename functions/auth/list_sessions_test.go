package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestListSessions(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	second, third, expired := s.SignIn(ann), s.SignIn(ann), s.SignIn(ann)
	s.Exec(`UPDATE sessions SET expires_at = now() - interval '1 second' WHERE id = $1`, expired.Session)

	var next string
	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "GET /session", Want: 401},
		{
			Name: "newest first", As: second, Do: "GET /session", Want: 200,
			Check: listed(second, third, second, ann),
		},
		{Name: "another user's", As: eve, Do: "GET /session", Want: 200, Check: listed(eve, eve)},
		{Name: "a page", As: ann, Do: "GET /session?size=2", Want: 200, Check: func(t *testing.T, r areatest.Response) {
			listed(ann, third, second)(t, r)
			next, _ = r.Object(t)["next"].(string)
		}},
	})
	s.Exec(`DELETE FROM sessions WHERE id = $1`, second.Session) // the last item of the page
	s.Run(t, []areatest.Step{
		{Name: "the next page", As: ann, Do: "GET " + next, Want: 200, Check: listed(ann, ann)},
		{Name: "size 0", As: ann, Do: "GET /session?size=0", Want: 400},
		{Name: "size 1", As: ann, Do: "GET /session?size=1", Want: 200},
		{Name: "size 100", As: ann, Do: "GET /session?size=100", Want: 200},
		{Name: "size 101", As: ann, Do: "GET /session?size=101", Want: 400},
		{Name: "a bad cursor", As: ann, Do: "GET /session?cursor=x", Want: 400},
	})
}

// listed checks that a list has the sessions of these callers, and that the caller's is the current
// one.
func listed(as *areatest.Caller, of ...*areatest.Caller) func(*testing.T, areatest.Response) {
	return func(t *testing.T, r areatest.Response) {
		t.Helper()
		items := r.Items(t)
		if len(items) != len(of) {
			t.Fatalf("%d sessions, want %d: %s", len(items), len(of), r.Body)
		}
		for i, item := range items {
			if item["id"] != of[i].Session || item["current"] != (of[i] == as) || item["user_agent"] != "test" ||
				item["created_at"] == nil || item["last_used_at"] == nil || len(item) != 5 {
				t.Errorf("item %d is %v", i, item)
			}
		}
	}
}
