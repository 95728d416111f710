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
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	post := b.Post(ann, "first")
	is := func(content string, modified bool, etag string) func(*testing.T, areatest.Response) {
		return func(t *testing.T, a areatest.Response) {
			object := a.Object(t)
			if object["content"] != content || object["modified"] != modified || a.Header.Get("ETag") != etag {
				t.Errorf("%s with ETag %s, want %q, %t, %s", a.Body, a.Header.Get("ETag"), content, modified, etag)
			}
			if read := b.Do(t, ann, "GET "+post, ""); string(read.Body) != string(a.Body) || read.Header.Get("ETag") != etag {
				t.Errorf("answered %s, read %s with ETag %s", a.Body, read.Body, read.Header.Get("ETag"))
			}
		}
	}
	match := func(etag string) map[string]string { return map[string]string{"If-Match": etag} }

	b.Run(t, []areatest.Step{
		{Name: "signed out", Do: "PATCH " + post, Body: body("x"), Want: 401},
		{Name: "bad content", As: eve, Do: "PATCH " + post, Body: body(""), Want: 400},
		{Name: "none", As: ann, Do: "PATCH /post/99", Body: body("x"), Want: 404},
		{Name: "none, guarded", As: ann, Do: "PATCH /post/99", Body: body("x"), Header: match(`"9"`), Want: 404},
		{Name: "not a number", As: ann, Do: "PATCH /post/x", Body: body("x"), Want: 404},
		{Name: "somebody else's", As: eve, Do: "PATCH " + post + "?x=y", Body: body("x"), Want: 403,
			Hint: "You have not permission for 'PATCH " + post + "'"},
		{Name: "somebody else's, guarded", As: eve, Do: "PATCH " + post, Body: body("x"), Header: match(`"9"`), Want: 403},
		{Name: "nothing was changed", As: ann, Do: "GET " + post, Want: 200, Check: is("first", false, `"1"`)},

		{Name: "the same content", As: ann, Do: "PATCH " + post, Body: body("first"), Want: 200, Check: is("first", false, `"1"`)},
		{Name: "another content", As: ann, Do: "PATCH " + post, Body: body("second"), Want: 200, Check: is("second", true, `"2"`)},
		{Name: "the same content again", As: ann, Do: "PATCH " + post, Body: body("second"), Want: 200, Check: is("second", true, `"2"`)},
		{Name: "the first content again", As: ann, Do: "PATCH " + post, Body: body("first"), Want: 200, Check: is("first", true, `"3"`)},

		{Name: "a stale tag", As: ann, Do: "PATCH " + post, Body: body("x"), Header: match(`"2"`), Want: 412},
		{Name: "a stale tag, the same content", As: ann, Do: "PATCH " + post, Body: body("first"), Header: match(`"2"`), Want: 412},
		{Name: "a weak tag", As: ann, Do: "PATCH " + post, Body: body("x"), Header: match(`W/"3"`), Want: 412},
		{Name: "no tag", As: ann, Do: "PATCH " + post, Body: body("x"), Header: match(`3`), Want: 412},
		{Name: "an empty list of tags", As: ann, Do: "PATCH " + post, Body: body("x"), Header: match(""), Want: 412},
		{Name: "stale tags", As: ann, Do: "PATCH " + post, Body: body("x"), Header: match(`"1", "2"`), Want: 412},
		{Name: "nothing was changed again", As: ann, Do: "GET " + post, Want: 200, Check: is("first", true, `"3"`)},
		{Name: "the tag", As: ann, Do: "PATCH " + post, Body: body("fourth"), Header: match(`"3"`), Want: 200, Check: is("fourth", true, `"4"`)},
		{Name: "one of the tags", As: ann, Do: "PATCH " + post, Body: body("fifth"), Header: match(`"1", "4"`), Want: 200, Check: is("fifth", true, `"5"`)},
		{Name: "any tag", As: ann, Do: "PATCH " + post, Body: body("sixth"), Header: match(`*`), Want: 200, Check: is("sixth", true, `"6"`)},
	})

	// Counters are not the content.
	b.React(eve, post, 1)
	b.Comment(eve, post, "hi")
	b.Exec("UPDATE posts SET reaction_5 = 7")
	b.Run(t, []areatest.Step{
		{Name: "a tag from before it was reacted to", As: ann, Do: "PATCH " + post, Body: body("seventh"), Header: match(`"6"`), Want: 200,
			Check: is("seventh", true, `"7"`)},
		{Name: "the counters are in the answer", As: eve, Do: "GET " + post, Want: 200, Check: func(t *testing.T, a areatest.Response) {
			object := a.Object(t)
			if object["my_reaction"] != 1.0 || object["comment_count"] != 1.0 || fmt.Sprint(object["reactions"]) != "map[1:1 2:0 3:0 4:0 5:7]" {
				t.Errorf("%s", a.Body)
			}
		}},
	})
}

// Of edits that race with one tag, exactly one is made.
func TestEditRace(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	post := b.Post(ann, "first")
	statuses := make([]int, 10)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() {
			statuses[i] = areatest.Do(t, b.URL, areatest.Step{As: ann, Do: "PATCH " + post, Body: body(fmt.Sprint("edit ", i)), Header: map[string]string{"If-Match": `"1"`}}).Status
		})
	}
	all.Wait()
	count := map[int]int{}
	for _, status := range statuses {
		count[status]++
	}
	if count[http.StatusOK] != 1 || count[http.StatusPreconditionFailed] != 9 {
		t.Errorf("statuses: %v", count)
	}
}
