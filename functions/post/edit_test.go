package main

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestEdit(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	post := s.Post(ann, "first")
	is := func(content string, modified bool, etag string) func(*testing.T, areatest.Response) {
		return func(t *testing.T, r areatest.Response) {
			object := r.Object(t)
			if object["content"] != content || object["modified"] != modified || r.Header.Get("ETag") != etag {
				t.Errorf("%s with ETag %s, want %q, %t, %s", r.Body, r.Header.Get("ETag"), content, modified, etag)
			}
			if read := s.Do(t, ann, "GET "+post, ""); string(read.Body) != string(r.Body) ||
				read.Header.Get("ETag") != etag {
				t.Errorf("got %s, read %s with ETag %s", r.Body, read.Body, read.Header.Get("ETag"))
			}
		}
	}
	match := func(etag string) map[string]string { return map[string]string{"If-Match": etag} }

	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "PATCH " + post, Body: body("x"), Want: 401},
		{Name: "bad content", As: eve, Do: "PATCH " + post, Body: body(""), Want: 400},
		{Name: "none", As: ann, Do: "PATCH /post/99", Body: body("x"), Want: 404},
		{Name: "none, with a tag", As: ann, Do: "PATCH /post/99", Body: body("x"), Header: match(`"9"`), Want: 404},
		{Name: "not a number", As: ann, Do: "PATCH /post/x", Body: body("x"), Want: 404},
		{Name: "another user's", As: eve, Do: "PATCH " + post + "?x=y", Body: body("x"), Want: 403,
			Hint: "You have not permission for 'PATCH " + post + "'"},
		{
			Name: "another user's, with a tag", As: eve, Do: "PATCH " + post, Body: body("x"), Header: match(`"9"`),
			Want: 403,
		},
		{Name: "nothing was changed", As: ann, Do: "GET " + post, Want: 200, Check: is("first", false, `"1"`)},

		{
			Name: "the same content", As: ann, Do: "PATCH " + post, Body: body("first"), Want: 200,
			Check: is("first", false, `"1"`),
		},
		{
			Name: "another content", As: ann, Do: "PATCH " + post, Body: body("second"), Want: 200,
			Check: is("second", true, `"2"`),
		},
		{
			Name: "the same content again", As: ann, Do: "PATCH " + post, Body: body("second"), Want: 200,
			Check: is("second", true, `"2"`),
		},
		{
			Name: "the first content again", As: ann, Do: "PATCH " + post, Body: body("first"), Want: 200,
			Check: is("first", true, `"3"`),
		},

		{
			Name: "another revision's tag", As: ann, Do: "PATCH " + post, Body: body("x"), Header: match(`"2"`),
			Want: 412,
		},
		{
			Name: "another revision's tag, the same content", As: ann, Do: "PATCH " + post, Body: body("first"),
			Header: match(`"2"`), Want: 412,
		},
		{Name: "a weak tag", As: ann, Do: "PATCH " + post, Body: body("x"), Header: match(`W/"3"`), Want: 412},
		{Name: "not a tag", As: ann, Do: "PATCH " + post, Body: body("x"), Header: match(`3`), Want: 412},
		{Name: "an empty list of tags", As: ann, Do: "PATCH " + post, Body: body("x"), Header: match(""), Want: 412},
		{
			Name: "other revisions' tags", As: ann, Do: "PATCH " + post, Body: body("x"), Header: match(`"1", "2"`),
			Want: 412,
		},
		{Name: "nothing was changed again", As: ann, Do: "GET " + post, Want: 200, Check: is("first", true, `"3"`)},
		{
			Name: "the tag", As: ann, Do: "PATCH " + post, Body: body("fourth"), Header: match(`"3"`), Want: 200,
			Check: is("fourth", true, `"4"`),
		},
		{
			Name: "one of the tags", As: ann, Do: "PATCH " + post, Body: body("fifth"), Header: match(`"1", "4"`),
			Want: 200, Check: is("fifth", true, `"5"`),
		},
		{
			Name: "any tag", As: ann, Do: "PATCH " + post, Body: body("sixth"), Header: match(`*`), Want: 200,
			Check: is("sixth", true, `"6"`),
		},
	})

	// The counters are no part of the revision.
	s.React(eve, post, 1)
	s.Comment(eve, post, "hi")
	s.Exec("UPDATE posts SET reaction_5 = 7")
	s.Run(t, []areatest.Step{
		{Name: "a tag from before the reaction", As: ann, Do: "PATCH " + post, Body: body("seventh"),
			Header: match(`"6"`), Want: 200,
			Check: is("seventh", true, `"7"`)},
		{Name: "the counters are in the response", As: eve, Do: "GET " + post, Want: 200,
			Check: func(t *testing.T, r areatest.Response) {
				object := r.Object(t)
				if object["my_reaction"] != 1.0 || object["comment_count"] != 1.0 ||
					fmt.Sprint(object["reactions"]) != "map[1:1 2:0 3:0 4:0 5:7]" {
					t.Errorf("%s", r.Body)
				}
			}},
	})
}

// Of concurrent edits with one tag, one succeeds.
func TestConcurrentEdits(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	post := s.Post(ann, "first")
	statuses := make([]int, 10)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() {
			statuses[i] = areatest.Do(t, s.URL,
				areatest.Step{As: ann, Do: "PATCH " + post, Body: body(fmt.Sprint("edit ", i)),
					Header: map[string]string{"If-Match": `"1"`}}).Status
		})
	}
	all.Wait()
	count := map[int]int{}
	for _, status := range statuses {
		count[status]++
	}
	if count[http.StatusOK] != 1 || count[http.StatusPreconditionFailed] != 9 {
		t.Errorf("the statuses are %v", count)
	}
}
