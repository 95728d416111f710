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
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	post, other := s.Post(ann, "post"), s.Post(ann, "other")
	s.Comment(ann, other, "of another post")
	var comments []string
	for i := range 5 {
		comments = append(comments, s.Comment(eve, post, fmt.Sprint(i)))
	}
	s.React(ann, comments[4], 2)
	list := post + "/comment"
	contents := func(want ...string) func(*testing.T, areatest.Response) {
		return func(t *testing.T, r areatest.Response) {
			var got []string
			for _, item := range r.Items(t) {
				got = append(got, item["content"].(string))
			}
			if !slices.Equal(got, want) {
				t.Errorf("listed %v, want %v", got, want)
			}
		}
	}
	mine := func(want any) func(*testing.T, areatest.Response) {
		return func(t *testing.T, r areatest.Response) {
			newest, before := r.Items(t)[0], r.Items(t)[1]
			if newest["my_reaction"] != want || newest["reactions"].(map[string]any)["2"] != 1.0 ||
				before["my_reaction"] != nil {
				t.Errorf("listed %v, %v", newest, before)
			}
		}
	}
	var next string
	s.Run(t, []areatest.Step{
		{Name: "all, newest first", Do: "GET " + list, Want: 200, Check: contents("4", "3", "2", "1", "0")},
		{Name: "for a user who reacted", As: ann, Do: "GET " + list, Want: 200, Check: mine(2.0)},
		{Name: "for a user who did not", As: eve, Do: "GET " + list, Want: 200, Check: mine(nil)},
		{Name: "signed out", Do: "GET " + list, Want: 200, Check: mine(nil)},
		{
			Name: "of an unknown post", Do: "GET /post/999/comment", Want: 404,
			Hint: "There is no such post; it may have been deleted.",
		},
		{Name: "size 0", Do: "GET " + list + "?size=0", Want: 400, Hint: "size: must be a whole number from 1 to 100"},
		{
			Name: "too large a size", Do: "GET " + list + "?size=101", Want: 400,
			Hint: "size: must be a whole number from 1 to 100",
		},
		{
			Name: "a bad cursor", Do: "GET " + list + "?cursor=x", Want: 400,
			Hint: "cursor: is not one that this list gave; leave it out to start again",
		},
		{Name: "the first of two pages", Do: "GET " + list + "?size=2", Want: 200,
			Check: func(t *testing.T, r areatest.Response) {
				contents("4", "3")(t, r)
				next = r.Object(t)["next"].(string)
			}},
	})
	// Between the pages, the item of the cursor and a later one are deleted, and a new one is
	// added.
	for _, deleted := range []string{comments[3], comments[1]} {
		if response := s.Do(t, eve, "DELETE "+deleted, ""); response.Status != 204 {
			t.Fatalf("%s", response.Body)
		}
	}
	s.Comment(eve, post, "5")
	s.Run(t, []areatest.Step{
		{Name: "the next page", Do: "GET " + next, Want: 200, Check: func(t *testing.T, r areatest.Response) {
			contents("2", "0")(t, r)
			if r.Object(t)["next"] != nil {
				t.Errorf("next is %v", r.Object(t)["next"])
			}
		}},
		{Name: "the cursor of another list", Do: "GET " + strings.Replace(next, post, other, 1), Want: 400},
	})
	empty := s.Post(ann, "without comments")
	s.Run(t, []areatest.Step{{Name: "none", Do: "GET " + empty + "/comment", Want: 200,
		Check: func(t *testing.T, r areatest.Response) {
			if string(r.Body) != `{"items":[],"next":null}` {
				t.Errorf("got %s", r.Body)
			}
		}}})
}
