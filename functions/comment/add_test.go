package main

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestAdd(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	post := s.Post(ann, "post")
	whole := func(t *testing.T, r areatest.Response) {
		got := r.Object(t)
		if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, []string{
			"content", "created_at", "id", "modified", "my_reaction", "owner", "post_id", "reactions",
		}) {
			t.Errorf("the fields are %v", names)
		}
		moment := regexp.MustCompile(`^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`)
		if at := fmt.Sprint(got["created_at"]); !moment.MatchString(at) {
			t.Errorf("created_at is %s", at)
		}
		if owner := fmt.Sprint(got["owner"]); owner != "map[id:eve.1 name:eve.1 nickname:<nil>]" {
			t.Errorf("the owner is %s", owner)
		}
		if reactions := fmt.Sprint(got["reactions"]); reactions != "map[1:0 2:0 3:0 4:0 5:0]" {
			t.Errorf("the reactions are %s", reactions)
		}
		if want := fmt.Sprintf("/comment/%v", got["id"]); r.Header.Get("Location") != want {
			t.Errorf("Location is %q, want %s", r.Header.Get("Location"), want)
		}
		if _, there := r.Header[http.CanonicalHeaderKey("Idempotent-Replayed")]; there {
			t.Error("the first response is marked as replayed")
		}
		if read := s.Do(t, nil, "GET "+r.Header.Get("Location"), ""); string(read.Body) != string(r.Body) {
			t.Errorf("added %s, got %s", r.Body, read.Body)
		}
	}
	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "POST " + post + "/comment", Body: writing("hi"), Want: 401},
		{
			Name: "by another", As: eve, Do: "POST " + post + "/comment", Body: writing("hi <b>&amp; \\u2028 안녕"),
			Want: 201, Check: whole,
		},
		{Name: "by the author", As: ann, Do: "POST " + post + "/comment", Body: writing("hi"), Want: 201},
		{Name: "signed out, with a bad body", Do: "POST " + post + "/comment", Body: "{", Want: 401},
		{
			Name: "to an unknown post, with a bad body", As: eve, Do: "POST /post/999/comment", Body: writing(""),
			Want: 400,
		},
		{
			Name: "to an unknown post", As: eve, Do: "POST /post/999/comment", Body: writing("hi"), Want: 404,
			Hint: "There is no such post; it may have been deleted.",
		},
		{Name: "with U+0000", As: eve, Do: "POST " + post + "/comment", Body: writing(`\u0000`), Want: 400},
	})
	if n := s.Int(`SELECT comment_count FROM posts`); n != 2 {
		t.Errorf("the post counts %d comments", n)
	}
	if n := s.Int(`SELECT count(*) FROM notifications WHERE type = 1 AND user_uid = $1 AND actor_uid = $2`, ann.UID,
		eve.UID); n != 1 {
		t.Errorf("%d notifications", n)
	}
	areatest.CheckInvariants(t, s.DB)
}
