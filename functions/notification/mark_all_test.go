package main

import (
	"fmt"
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestMark(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	s.React(eve, s.Post(ann, "post"), 3)
	one := fmt.Sprintf("/notification/%d", s.Int(`SELECT id FROM notifications`))
	is := func(read bool) func(*testing.T, areatest.Response) {
		return func(t *testing.T, r areatest.Response) {
			if got := r.Object(t); got["read"] != read || got["reaction_type"] != 3.0 ||
				got["actor"].(map[string]any)["id"] != "eve.1" {
				t.Errorf("got %s", r.Body)
			}
			if count := s.Do(t, ann, "GET /notification/unread-count",
				""); string(count.Body) != fmt.Sprintf(`{"count":%d}`, map[bool]int{false: 1}[read]) {
				t.Errorf("the count is %s", count.Body)
			}
		}
	}
	missing := "You have no such notification; its comment, reaction or post may have been deleted."
	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "PATCH " + one, Body: `{"read":true}`, Want: 401},
		{Name: "read", As: ann, Do: "PATCH " + one, Body: `{"read":true}`, Want: 200, Check: is(true)},
		{Name: "read twice", As: ann, Do: "PATCH " + one, Body: `{"read":true}`, Want: 200, Check: is(true)},
		{Name: "unread", As: ann, Do: "PATCH " + one, Body: `{"read":false}`, Want: 200, Check: is(false)},
		{Name: "another user's", As: eve, Do: "PATCH " + one, Body: `{"read":true}`, Want: 404, Hint: missing},
		{Name: "a number", As: ann, Do: "PATCH " + one, Body: `{"read":1}`, Want: 400, Hint: "read: true or false"},
		{Name: "null", As: ann, Do: "PATCH " + one, Body: `{"read":null}`, Want: 400},
		{Name: "an empty object", As: ann, Do: "PATCH " + one, Body: `{}`, Want: 400},
		{Name: "another user's, with a bad body", As: eve, Do: "PATCH " + one, Body: `{}`, Want: 400},
		{
			Name: "an unknown one", As: ann, Do: "PATCH /notification/999", Body: `{"read":true}`, Want: 404,
			Hint: missing,
		},
		{Name: "by GET", As: ann, Do: "GET " + one, Want: 405},
		{Name: "still unread", As: ann, Do: "PATCH " + one, Body: `{"read":false}`, Want: 200, Check: is(false)},
	})
	for _, id := range []string{"0", "-1", "01", "x", "read", "9223372036854775807", "9223372036854775808", "1%2F2"} {
		response := s.Do(t, ann, "PATCH /notification/"+id, `{"read":true}`)
		if response.Status != 404 {
			t.Errorf("PATCH /notification/%s: %d %s", id, response.Status, response.Body)
		}
	}
}

func TestMarkAll(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	post, others := s.Post(ann, "post"), s.Post(eve, "eve's")
	for i := range 4 {
		s.Comment(eve, post, fmt.Sprint(i))
	}
	s.Comment(ann, others, "for eve")
	second := s.Int(`SELECT id FROM notifications WHERE user_uid = $1 ORDER BY id OFFSET 1 LIMIT 1`, ann.UID)
	count := func(newly, left int) func(*testing.T, areatest.Response) {
		return func(t *testing.T, r areatest.Response) {
			if string(r.Body) != fmt.Sprintf(`{"count":%d}`, newly) {
				t.Errorf("got %s, want %d newly marked", r.Body, newly)
			}
			if unread := s.Do(t, ann, "GET /notification/unread-count",
				""); string(unread.Body) != fmt.Sprintf(`{"count":%d}`, left) {
				t.Errorf("got %s unread, want %d", unread.Body, left)
			}
		}
	}
	upTo := func(id string) string { return `{"up_to":` + id + `}` }
	least := "up_to: a whole number of at least 1, or null"
	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "POST /notification/read", Want: 401},
		{Name: "up to 0", As: ann, Do: "POST /notification/read", Body: upTo("0"), Want: 400, Hint: least},
		{Name: "up to -1", As: ann, Do: "POST /notification/read", Body: upTo("-1"), Want: 400, Hint: least},
		{Name: "up to text", As: ann, Do: "POST /notification/read", Body: upTo(`"x"`), Want: 400},
		{Name: "up to a fraction", As: ann, Do: "POST /notification/read", Body: upTo("1.5"), Want: 400},
		{Name: "up to 2^63", As: ann, Do: "POST /notification/read", Body: upTo("9223372036854775808"), Want: 400},
		{Name: "up to an unknown key", As: ann, Do: "POST /notification/read", Body: `{"upto":1}`, Want: 400},
		{Name: "a list", As: ann, Do: "POST /notification/read", Body: `[]`, Want: 400},
		{Name: "null as a body", As: ann, Do: "POST /notification/read", Body: `null`, Want: 400},
		{Name: "none was marked", As: ann, Do: "GET /notification/unread-count", Want: 200, Check: count(4, 4)},
		{
			Name: "up to the second", As: ann, Do: "POST /notification/read", Body: upTo(fmt.Sprint(second)),
			Want: 200, Check: count(2, 2),
		},
		{
			Name: "again", As: ann, Do: "POST /notification/read", Body: upTo(fmt.Sprint(second)), Want: 200,
			Check: count(0, 2),
		},
		{
			Name: "an empty object is all", As: ann, Do: "POST /notification/read", Body: `{}`, Want: 200,
			Check: count(2, 0),
		},
	})
	unread := func() { s.Exec(`UPDATE notifications SET read = false WHERE user_uid = $1`, ann.UID) }
	unread()
	s.Run(t, []areatest.Step{{Name: "without a body, all", As: ann, Do: "POST /notification/read", Want: 200,
		Check: count(4, 0)}})
	unread()
	s.Run(t, []areatest.Step{{Name: "up to null is all", As: ann, Do: "POST /notification/read", Body: upTo("null"),
		Want: 200, Check: count(4, 0)}})
	unread()
	s.Run(t, []areatest.Step{{Name: "up to 2^63-1", As: ann, Do: "POST /notification/read",
		Body: upTo("9223372036854775807"), Want: 200, Check: count(4, 0)}})
	if n := s.Int(`SELECT count(*) FROM notifications WHERE user_uid = $1 AND NOT read`, eve.UID); n != 1 {
		t.Error("another user's was marked")
	}
	plain := map[string]string{"Content-Type": "text/plain"}
	s.Run(t, []areatest.Step{
		{Name: "not called JSON", As: ann, Do: "POST /notification/read", Body: `{}`, Header: plain, Want: 415},
		{
			Name: "another media type without a body", As: ann, Do: "POST /notification/read", Header: plain,
			Want: 200,
		},
	})
}

// A notification that another transaction locks is marked after its end, if it still exists.
func TestMarkAllWaitsForLocks(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	post := s.Post(ann, "post")
	s.Comment(eve, post, "one")
	s.React(eve, post, 1)
	s.Comment(eve, post, "two")
	response := s.RaceWith(t, areatest.Step{As: ann, Do: "POST /notification/read"},
		`UPDATE notifications SET reaction_type = 2 WHERE type = 2`)
	if string(response.Body) != `{"count":3}` {
		t.Errorf("got %d %s", response.Status, response.Body)
	}
	expect(t, s, ann, "", "1 eve.1 comment read, 2 eve.1 2 read, 1 eve.1 comment read")
	s.Exec(`UPDATE notifications SET read = false`)
	response = s.RaceWith(t, areatest.Step{As: ann, Do: "POST /notification/read"},
		`DELETE FROM notifications WHERE type = 2`)
	if string(response.Body) != `{"count":2}` {
		t.Errorf("got %d %s", response.Status, response.Body)
	}
}
