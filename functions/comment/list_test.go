package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestList(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	post, other := b.Post(ann, "post"), b.Post(ann, "other")
	b.Comment(ann, other, "of another post")
	var comments []string
	for i := range 5 {
		comments = append(comments, b.Comment(eve, post, fmt.Sprint(i)))
	}
	b.React(ann, comments[4], 2)
	list := post + "/comment"
	contents := func(want ...string) func(*testing.T, areatest.Response) {
		return func(t *testing.T, a areatest.Response) {
			var got []string
			for _, item := range a.Items(t) {
				got = append(got, item["content"].(string))
			}
			if !slices.Equal(got, want) {
				t.Errorf("listed %v, want %v", got, want)
			}
		}
	}
	mine := func(want any) func(*testing.T, areatest.Response) {
		return func(t *testing.T, a areatest.Response) {
			newest, before := a.Items(t)[0], a.Items(t)[1]
			if newest["my_reaction"] != want || newest["reactions"].(map[string]any)["2"] != 1.0 || before["my_reaction"] != nil {
				t.Errorf("listed %v, %v", newest, before)
			}
		}
	}
	var next string
	b.Run(t, []areatest.Step{
		{Name: "all, newest first", Do: "GET " + list, Want: 200, Check: contents("4", "3", "2", "1", "0")},
		{Name: "by who reacted", As: ann, Do: "GET " + list, Want: 200, Check: mine(2.0)},
		{Name: "by who did not", As: eve, Do: "GET " + list, Want: 200, Check: mine(nil)},
		{Name: "signed out", Do: "GET " + list, Want: 200, Check: mine(nil)},
		{Name: "of nothing", Do: "GET /post/999/comment", Want: 404, Hint: "There is no such post; it may have been deleted."},
		{Name: "no size", Do: "GET " + list + "?size=0", Want: 400, Hint: "size: must be a whole number from 1 to 100"},
		{Name: "too large a size", Do: "GET " + list + "?size=101", Want: 400, Hint: "size: must be a whole number from 1 to 100"},
		{Name: "a bad cursor", Do: "GET " + list + "?cursor=x", Want: 400, Hint: "cursor: is not one that this list gave; leave it out to start again"},
		{Name: "two pages, the first", Do: "GET " + list + "?size=2", Want: 200, Check: func(t *testing.T, a areatest.Response) {
			contents("4", "3")(t, a)
			next = a.Object(t)["next"].(string)
		}},
	})
	// While the walk goes on, the item that the cursor names and one ahead go, and a new one comes.
	for _, gone := range []string{comments[3], comments[1]} {
		if answer := b.Do(t, eve, "DELETE "+gone, ""); answer.Status != 204 {
			t.Fatalf("%s", answer.Body)
		}
	}
	b.Comment(eve, post, "5")
	b.Run(t, []areatest.Step{
		{Name: "the next page", Do: "GET " + next, Want: 200, Check: func(t *testing.T, a areatest.Response) {
			contents("2", "0")(t, a)
			if a.Object(t)["next"] != nil {
				t.Errorf("goes on at %v", a.Object(t)["next"])
			}
		}},
		{Name: "its cursor for another list", Do: "GET " + strings.Replace(next, post, other, 1), Want: 400},
	})
	empty := b.Post(ann, "without comments")
	b.Run(t, []areatest.Step{{Name: "none", Do: "GET " + empty + "/comment", Want: 200, Check: func(t *testing.T, a areatest.Response) {
		if string(a.Body) != `{"items":[],"next":null}` {
			t.Errorf("answered %s", a.Body)
		}
	}}})
}
