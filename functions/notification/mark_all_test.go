package main

import (
	"fmt"
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestMark(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	b.React(eve, b.Post(ann, "post"), 3)
	one := fmt.Sprintf("/notification/%d", b.Int(`SELECT id FROM notifications`))
	is := func(read bool) func(*testing.T, areatest.Response) {
		return func(t *testing.T, a areatest.Response) {
			if got := a.Object(t); got["read"] != read || got["reaction_type"] != 3.0 || got["actor"].(map[string]any)["id"] != "eve.1" {
				t.Errorf("answered %s", a.Body)
			}
			if count := b.Do(t, ann, "GET /notification/unread-count", ""); string(count.Body) != fmt.Sprintf(`{"count":%d}`, map[bool]int{false: 1}[read]) {
				t.Errorf("counted %s", count.Body)
			}
		}
	}
	missing := "You have no such notification; its comment, reaction or post may have been deleted."
	b.Run(t, []areatest.Step{
		{Name: "signed out", Do: "PATCH " + one, Body: `{"read":true}`, Want: 401},
		{Name: "read", As: ann, Do: "PATCH " + one, Body: `{"read":true}`, Want: 200, Check: is(true)},
		{Name: "read twice", As: ann, Do: "PATCH " + one, Body: `{"read":true}`, Want: 200, Check: is(true)},
		{Name: "unread", As: ann, Do: "PATCH " + one, Body: `{"read":false}`, Want: 200, Check: is(false)},
		{Name: "another's", As: eve, Do: "PATCH " + one, Body: `{"read":true}`, Want: 404, Hint: missing},
		{Name: "a number", As: ann, Do: "PATCH " + one, Body: `{"read":1}`, Want: 400, Hint: "read: expected boolean"},
		{Name: "null", As: ann, Do: "PATCH " + one, Body: `{"read":null}`, Want: 400},
		{Name: "nothing", As: ann, Do: "PATCH " + one, Body: `{}`, Want: 400},
		{Name: "another's, badly", As: eve, Do: "PATCH " + one, Body: `{}`, Want: 400},
		{Name: "none", As: ann, Do: "PATCH /notification/999", Body: `{"read":true}`, Want: 404, Hint: missing},
		{Name: "by GET", As: ann, Do: "GET " + one, Want: 405},
		{Name: "still unread", As: ann, Do: "PATCH " + one, Body: `{"read":false}`, Want: 200, Check: is(false)},
	})
	for _, id := range []string{"0", "-1", "01", "x", "read", "9223372036854775807", "9223372036854775808", "1%2F2"} {
		answer := b.Do(t, ann, "PATCH /notification/"+id, `{"read":true}`)
		if answer.Status != 404 {
			t.Errorf("PATCH /notification/%s: %d %s", id, answer.Status, answer.Body)
		}
	}
}

func TestReadAll(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	post, others := b.Post(ann, "post"), b.Post(eve, "eve's")
	for i := range 4 {
		b.Comment(eve, post, fmt.Sprint(i))
	}
	b.Comment(ann, others, "for eve")
	second := b.Int(`SELECT id FROM notifications WHERE user_uid = $1 ORDER BY id OFFSET 1 LIMIT 1`, ann.UID)
	count := func(newly, left int) func(*testing.T, areatest.Response) {
		return func(t *testing.T, a areatest.Response) {
			if string(a.Body) != fmt.Sprintf(`{"count":%d}`, newly) {
				t.Errorf("%s were newly read, want %d", a.Body, newly)
			}
			if unread := b.Do(t, ann, "GET /notification/unread-count", ""); string(unread.Body) != fmt.Sprintf(`{"count":%d}`, left) {
				t.Errorf("%s are left, want %d", unread.Body, left)
			}
		}
	}
	upTo := func(id string) string { return `{"up_to":` + id + `}` }
	least := "up_to: expected number >= 1"
	b.Run(t, []areatest.Step{
		{Name: "signed out", Do: "POST /notification/read", Want: 401},
		{Name: "up to 0", As: ann, Do: "POST /notification/read", Body: upTo("0"), Want: 400, Hint: least},
		{Name: "up to -1", As: ann, Do: "POST /notification/read", Body: upTo("-1"), Want: 400, Hint: least},
		{Name: "up to text", As: ann, Do: "POST /notification/read", Body: upTo(`"x"`), Want: 400},
		{Name: "up to a fraction", As: ann, Do: "POST /notification/read", Body: upTo("1.5"), Want: 400},
		{Name: "up to 2^63", As: ann, Do: "POST /notification/read", Body: upTo("9223372036854775808"), Want: 400},
		{Name: "up to an unknown key", As: ann, Do: "POST /notification/read", Body: `{"upto":1}`, Want: 400},
		{Name: "a list", As: ann, Do: "POST /notification/read", Body: `[]`, Want: 400},
		{Name: "null as a body", As: ann, Do: "POST /notification/read", Body: `null`, Want: 400},
		{Name: "none was read by these", As: ann, Do: "GET /notification/unread-count", Want: 200, Check: count(4, 4)},
		{Name: "up to the second", As: ann, Do: "POST /notification/read", Body: upTo(fmt.Sprint(second)), Want: 200, Check: count(2, 2)},
		{Name: "again", As: ann, Do: "POST /notification/read", Body: upTo(fmt.Sprint(second)), Want: 200, Check: count(0, 2)},
		{Name: "an empty object is all", As: ann, Do: "POST /notification/read", Body: `{}`, Want: 200, Check: count(2, 0)},
	})
	unread := func() { b.Exec(`UPDATE notifications SET read = false WHERE user_uid = $1`, ann.UID) }
	unread()
	b.Run(t, []areatest.Step{{Name: "without a body, all", As: ann, Do: "POST /notification/read", Want: 200, Check: count(4, 0)}})
	unread()
	b.Run(t, []areatest.Step{{Name: "up to null is all", As: ann, Do: "POST /notification/read", Body: upTo("null"), Want: 200, Check: count(4, 0)}})
	unread()
	b.Run(t, []areatest.Step{{Name: "up to 2^63-1", As: ann, Do: "POST /notification/read", Body: upTo("9223372036854775807"), Want: 200, Check: count(4, 0)}})
	if n := b.Int(`SELECT count(*) FROM notifications WHERE user_uid = $1 AND NOT read`, eve.UID); n != 1 {
		t.Error("another's was read too")
	}
	plain := map[string]string{"Content-Type": "text/plain"}
	b.Run(t, []areatest.Step{
		{Name: "not called JSON", As: ann, Do: "POST /notification/read", Body: `{}`, Header: plain, Want: 415},
		{Name: "with no body, its type does not matter", As: ann, Do: "POST /notification/read", Header: plain, Want: 200},
	})
}

// What somebody else holds is waited for, while nothing is held.
func TestReadAllTakesWhatIsHeldAfterwards(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	post := b.Post(ann, "post")
	b.Comment(eve, post, "one")
	b.React(eve, post, 1)
	b.Comment(eve, post, "two")
	answer := b.RaceWith(t, areatest.Step{As: ann, Do: "POST /notification/read"}, `UPDATE notifications SET reaction_type = 2 WHERE type = 2`)
	if string(answer.Body) != `{"count":3}` {
		t.Errorf("answered %d %s", answer.Status, answer.Body)
	}
	expect(t, b, ann, "", "1 eve.1 comment read, 2 eve.1 2 read, 1 eve.1 comment read")
	b.Exec(`UPDATE notifications SET read = false`)
	answer = b.RaceWith(t, areatest.Step{As: ann, Do: "POST /notification/read"}, `DELETE FROM notifications WHERE type = 2`)
	if string(answer.Body) != `{"count":2}` {
		t.Errorf("answered %d %s", answer.Status, answer.Body)
	}
}
