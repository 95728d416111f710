package main

import (
	"fmt"
	"strings"
	"testing"

	"minifb/shared/testkit/areatest"
)

// A notification is added, changed and deleted with its comment or reaction.
func TestNotifications(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ctx := t.Context()
	ann, bob, eve := s.User("ann.1"), s.User("bob.1"), s.User("eve.1")
	post := s.Post(ann, "post")
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

	own := s.Comment(ann, post, "mine")
	s.React(ann, post, 1)
	s.React(ann, own, 1)
	expect(t, s, ann, "", "")

	first := s.Comment(eve, post, "one")
	s.React(bob, post, 4)
	s.React(eve, post, 2)
	s.Comment(eve, post, "two")
	expect(t, s, ann, "", "1 eve.1 comment unread, 2 eve.1 2 unread, 2 bob.1 4 unread, 1 eve.1 comment unread")
	expect(t, s, bob, "", "")
	expect(t, s, eve, "", "")

	s.React(bob, first, 5) // a reaction to a comment notifies no one
	s.React(bob, own, 5)
	expect(t, s, eve, "", "")
	expect(t, s, ann, "?size=1", "1 eve.1 comment unread")

	s.Do(t, ann, "POST /notification/read", "")
	s.React(bob, post, 5)
	s.React(eve, post, 2)
	expect(t, s, ann, "", "1 eve.1 comment read, 2 eve.1 2 read, 2 bob.1 5 read, 1 eve.1 comment read")
	_, err := s.Store.EditOwnComment(ctx, eve.UID, number(first), nil, "edited")
	do(err)
	expect(t, s, ann, "?unread=true", "")

	do(s.Store.CancelPostReaction(ctx, bob.UID, number(post)))
	expect(t, s, ann, "", "1 eve.1 comment read, 2 eve.1 2 read, 1 eve.1 comment read")
	s.React(bob, post, 3) // the first again
	expect(t, s, ann, "", "2 bob.1 3 unread, 1 eve.1 comment read, 2 eve.1 2 read, 1 eve.1 comment read")

	do(s.Store.DeleteOwnComment(ctx, eve.UID, number(first), nil))
	expect(t, s, ann, "", "2 bob.1 3 unread, 1 eve.1 comment read, 2 eve.1 2 read")
	areatest.CheckInvariants(t, s.DB)

	do(s.Store.DeleteOwnPost(ctx, ann.UID, number(post), nil))
	expect(t, s, ann, "", "")
	if n := s.Int(`SELECT count(*) FROM notifications`); n != 0 {
		t.Errorf("%d notifications are left", n)
	}
}

// The notifications of a deleted account are hidden at once.
func TestNotificationsOfDeletedAccount(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, bob, eve := s.User("ann.1"), s.User("bob.1"), s.User("eve.1")
	post := s.Post(ann, "post")
	s.Comment(eve, post, "one")
	s.React(eve, post, 1)
	s.React(bob, post, 2)
	credential, err := s.Store.CredentialByID(t.Context(), "eve.1")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.DeleteAccount(t.Context(), credential); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		expect(t, s, ann, "", "2 bob.1 2 unread")
		if count := s.Do(t, ann, "GET /notification/unread-count", ""); string(count.Body) != `{"count":1}` {
			t.Errorf("the count is %s", count.Body)
		}
		if err := s.Store.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	areatest.CheckInvariants(t, s.DB)
}

func TestList(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	post := s.Post(ann, "post")
	comment := s.Comment(eve, post, "1")
	s.React(eve, post, 3)
	postID, commentID := post[len("/post/"):], comment[len("/comment/"):]
	const eves = `map[actor:map[id:eve.1 name:eve.1 nickname:<nil>] `
	both := func(t *testing.T, r areatest.Response) {
		items := r.Items(t)
		for i, want := range []string{
			eves + `comment_id:<nil> post_id:` + postID + ` reaction_type:3 read:false type:2]`,
			eves + `comment_id:` + commentID + ` post_id:` + postID + ` reaction_type:<nil> read:false type:1]`,
		} {
			delete(items[i], "id")
			delete(items[i], "created_at")
			if got := fmt.Sprint(items[i]); got != want {
				t.Errorf("item %d is %s, want %s", i, got, want)
			}
		}
	}
	const once, trueOrFalse = "unread: must be sent once, as true or false", "unread: true or false"
	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "GET /notification", Want: 401},
		{Name: "count, signed out", Do: "GET /notification/unread-count", Want: 401},
		{Name: "both kinds", As: ann, Do: "GET /notification", Want: 200, Check: both},
		{Name: "another user has none", As: eve, Do: "GET /notification", Want: 200, Check: none},
		{Name: "unread", As: ann, Do: "GET /notification?unread=true", Want: 200, Check: both},
		{Name: "not only unread", As: ann, Do: "GET /notification?unread=false", Want: 200, Check: both},
		{Name: "unread, empty", As: ann, Do: "GET /notification?unread=", Want: 400, Hint: once},
		{Name: "unread, without a value", As: ann, Do: "GET /notification?unread", Want: 400, Hint: once},
		{Name: "unread, maybe", As: ann, Do: "GET /notification?unread=maybe", Want: 400, Hint: trueOrFalse},
		{Name: "unread, 1", As: ann, Do: "GET /notification?unread=1", Want: 400, Hint: trueOrFalse},
		{Name: "unread, in capitals", As: ann, Do: "GET /notification?unread=True", Want: 400, Hint: trueOrFalse},
		{Name: "unread, twice", As: ann, Do: "GET /notification?unread=true&unread=true", Want: 400, Hint: once},
		{Name: "unread, both", As: ann, Do: "GET /notification?unread=true&unread=false", Want: 400, Hint: once},
		{
			Name: "a bad size", As: ann, Do: "GET /notification?size=0", Want: 400,
			Hint: "size: must be a whole number from 1 to 100",
		},
		{
			Name: "a bad cursor", As: ann, Do: "GET /notification?cursor=x", Want: 400,
			Hint: "cursor: is not one that this list gave; leave it out to start again",
		},
		{
			Name: "a bad size and a bad filter", As: ann, Do: "GET /notification?size=0&unread=x", Want: 400,
			Hint: trueOrFalse + "; size: must be a whole number from 1 to 100",
		},
		{Name: "by POST", As: ann, Do: "POST /notification", Want: 405},
	})
}

func none(t *testing.T, r areatest.Response) {
	t.Helper()
	if string(r.Body) != `{"items":[],"next":null}` {
		t.Errorf("got %s", r.Body)
	}
}

// Following next through the unread shows each once, although the items shown are marked as read.
func TestPagesOfUnread(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	post := s.Post(ann, "post")
	for i := range 7 {
		s.Comment(eve, post, fmt.Sprint(i))
	}
	var seen []float64
	pages := 0
	for next := "/notification?unread=true&size=3"; next != ""; pages++ {
		response := s.Do(t, ann, "GET "+next, "")
		for _, item := range response.Items(t) {
			seen = append(seen, item["id"].(float64))
		}
		next, _ = response.Object(t)["next"].(string)
		if next != "" && (!strings.Contains(next, "unread=true") || !strings.Contains(next, "size=3")) {
			t.Fatalf("next is %s", next)
		}
		s.Do(t, ann, fmt.Sprintf("PATCH /notification/%.0f", seen[len(seen)-1]), `{"read":true}`)
		s.Comment(eve, post, "new")
	}
	if len(seen) != 7 || pages != 3 {
		t.Errorf("%d pages have %v", pages, seen)
	}
	for i := 1; i < len(seen); i++ {
		if seen[i] >= seen[i-1] {
			t.Errorf("not newest first: %v", seen)
		}
	}
	// A cursor of all is not a cursor of the unread.
	next := s.Do(t, ann, "GET /notification?size=1", "").Object(t)["next"].(string)
	if response := s.Do(t, ann, "GET "+next+"&unread=true", ""); response.Status != 400 {
		t.Errorf("%d: %s", response.Status, response.Body)
	}
}
