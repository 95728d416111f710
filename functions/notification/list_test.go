package main

import (
	"fmt"
	"strings"
	"testing"

	"minifb/shared/testkit/areatest"
)

// What makes a notification, what changes it and what takes it away.
func TestWhatIsTold(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ctx := t.Context()
	ann, bob, eve := b.User("ann.1"), b.User("bob.1"), b.User("eve.1")
	post := b.Post(ann, "post")
	number := func(path string) (id int64) {
		_, _ = fmt.Sscan(path[strings.LastIndex(path, "/")+1:], &id)
		return id
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	own := b.Comment(ann, post, "mine")
	b.React(ann, post, 1)
	b.React(ann, own, 1)
	expect(t, b, ann, "", "")

	first := b.Comment(eve, post, "one")
	b.React(bob, post, 4)
	b.React(eve, post, 2)
	b.Comment(eve, post, "two")
	expect(t, b, ann, "", "1 eve.1 comment unread, 2 eve.1 2 unread, 2 bob.1 4 unread, 1 eve.1 comment unread")
	expect(t, b, bob, "", "")
	expect(t, b, eve, "", "")

	b.React(bob, first, 5) // to a comment of eve's: nobody is told
	b.React(bob, own, 5)
	expect(t, b, eve, "", "")
	expect(t, b, ann, "?size=1", "1 eve.1 comment unread")

	b.Do(t, ann, "POST /notification/read", "")
	b.React(bob, post, 5)
	b.React(eve, post, 2)
	expect(t, b, ann, "", "1 eve.1 comment read, 2 eve.1 2 read, 2 bob.1 5 read, 1 eve.1 comment read")
	_, err := b.Store.EditOwnComment(ctx, eve.UID, number(first), nil, "edited")
	do(err)
	expect(t, b, ann, "?unread=true", "")

	do(b.Store.CancelPostReaction(ctx, bob.UID, number(post)))
	expect(t, b, ann, "", "1 eve.1 comment read, 2 eve.1 2 read, 1 eve.1 comment read")
	b.React(bob, post, 3) // the first again: told again
	expect(t, b, ann, "", "2 bob.1 3 unread, 1 eve.1 comment read, 2 eve.1 2 read, 1 eve.1 comment read")

	do(b.Store.DeleteOwnComment(ctx, eve.UID, number(first), nil))
	expect(t, b, ann, "", "2 bob.1 3 unread, 1 eve.1 comment read, 2 eve.1 2 read")
	areatest.CheckInvariants(t, b.DB)

	do(b.Store.DeleteOwnPost(ctx, ann.UID, number(post), nil))
	expect(t, b, ann, "", "")
	if n := b.Int(`SELECT count(*) FROM notifications`); n != 0 {
		t.Errorf("%d notifications are left", n)
	}
}

// An account that goes takes what it told with it, at once.
func TestWhatADeletedAccountTold(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, bob, eve := b.User("ann.1"), b.User("bob.1"), b.User("eve.1")
	post := b.Post(ann, "post")
	b.Comment(eve, post, "one")
	b.React(eve, post, 1)
	b.React(bob, post, 2)
	credential, err := b.Store.CredentialByID(t.Context(), "eve.1")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Store.DeleteAccount(t.Context(), credential); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		expect(t, b, ann, "", "2 bob.1 2 unread")
		if count := b.Do(t, ann, "GET /notification/unread-count", ""); string(count.Body) != `{"count":1}` {
			t.Errorf("counted %s", count.Body)
		}
		if err := b.Store.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	areatest.CheckInvariants(t, b.DB)
}

func TestList(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	post := b.Post(ann, "post")
	comment := b.Comment(eve, post, "1")
	b.React(eve, post, 3)
	shapes := func(t *testing.T, a areatest.Response) {
		items := a.Items(t)
		for i, want := range []string{
			fmt.Sprintf(`map[actor:map[id:eve.1 name:eve.1 nickname:<nil>] comment_id:<nil> post_id:%s reaction_type:3 read:false type:2]`, post[len("/post/"):]),
			fmt.Sprintf(`map[actor:map[id:eve.1 name:eve.1 nickname:<nil>] comment_id:%s post_id:%s reaction_type:<nil> read:false type:1]`,
				comment[len("/comment/"):], post[len("/post/"):]),
		} {
			delete(items[i], "id")
			delete(items[i], "created_at")
			if got := fmt.Sprint(items[i]); got != want {
				t.Errorf("listed %s, want %s", got, want)
			}
		}
	}
	const once, trueOrFalse = `unread: must be sent once, with a value of "true, false"`, `unread: expected value to be one of "true, false"`
	b.Run(t, []areatest.Step{
		{Name: "signed out", Do: "GET /notification", Want: 401},
		{Name: "count, signed out", Do: "GET /notification/unread-count", Want: 401},
		{Name: "both kinds", As: ann, Do: "GET /notification", Want: 200, Check: shapes},
		{Name: "another's are none of mine", As: eve, Do: "GET /notification", Want: 200, Check: none},
		{Name: "unread", As: ann, Do: "GET /notification?unread=true", Want: 200, Check: shapes},
		{Name: "not only unread", As: ann, Do: "GET /notification?unread=false", Want: 200, Check: shapes},
		{Name: "unread, empty", As: ann, Do: "GET /notification?unread=", Want: 400, Hint: once},
		{Name: "unread, without a value", As: ann, Do: "GET /notification?unread", Want: 400, Hint: once},
		{Name: "unread, maybe", As: ann, Do: "GET /notification?unread=maybe", Want: 400, Hint: trueOrFalse},
		{Name: "unread, 1", As: ann, Do: "GET /notification?unread=1", Want: 400, Hint: trueOrFalse},
		{Name: "unread, in capitals", As: ann, Do: "GET /notification?unread=True", Want: 400, Hint: trueOrFalse},
		{Name: "unread, twice", As: ann, Do: "GET /notification?unread=true&unread=true", Want: 400, Hint: once},
		{Name: "unread, both", As: ann, Do: "GET /notification?unread=true&unread=false", Want: 400, Hint: once},
		{Name: "a bad size is told once", As: ann, Do: "GET /notification?size=0", Want: 400, Hint: "size: must be a whole number from 1 to 100"},
		{Name: "a bad cursor", As: ann, Do: "GET /notification?cursor=x", Want: 400, Hint: "cursor: is not one that this list gave; leave it out to start again"},
		{Name: "all bad", As: ann, Do: "GET /notification?size=0&unread=x", Want: 400, Hint: trueOrFalse + "; size: must be a whole number from 1 to 100"},
		{Name: "by POST", As: ann, Do: "POST /notification", Want: 405},
	})
}

func none(t *testing.T, a areatest.Response) {
	t.Helper()
	if string(a.Body) != `{"items":[],"next":null}` {
		t.Errorf("listed %s", a.Body)
	}
}

// A walk through what is unread goes on as it began, also when the page shown was marked read meanwhile.
func TestAWalkThroughTheUnread(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	post := b.Post(ann, "post")
	for i := range 7 {
		b.Comment(eve, post, fmt.Sprint(i))
	}
	var seen []float64
	pages := 0
	for next := "/notification?unread=true&size=3"; next != ""; pages++ {
		answer := b.Do(t, ann, "GET "+next, "")
		for _, item := range answer.Items(t) {
			seen = append(seen, item["id"].(float64))
		}
		next, _ = answer.Object(t)["next"].(string)
		if next != "" && (!strings.Contains(next, "unread=true") || !strings.Contains(next, "size=3")) {
			t.Fatalf("goes on at %s", next)
		}
		b.Do(t, ann, fmt.Sprintf("PATCH /notification/%.0f", seen[len(seen)-1]), `{"read":true}`)
		b.Comment(eve, post, "new")
	}
	if len(seen) != 7 || pages != 3 {
		t.Errorf("%d pages showed %v", pages, seen)
	}
	for i := 1; i < len(seen); i++ {
		if seen[i] >= seen[i-1] {
			t.Errorf("not newest first, each once: %v", seen)
		}
	}
	// A cursor of all is not one of the unread.
	next := b.Do(t, ann, "GET /notification?size=1", "").Object(t)["next"].(string)
	if answer := b.Do(t, ann, "GET "+next+"&unread=true", ""); answer.Status != 400 {
		t.Errorf("%d: %s", answer.Status, answer.Body)
	}
}
