package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestGetAndEdit(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	post := s.Post(ann, "post")
	comment := s.Comment(eve, post, "one")
	s.React(ann, comment, 3)
	s.React(eve, comment, 5)
	is := func(content string, modified bool, etag string, mine any) func(*testing.T, areatest.Response) {
		return func(t *testing.T, r areatest.Response) {
			has(map[string]any{"content": content, "modified": modified, "my_reaction": mine})(t, r)
			if r.Header.Get("ETag") != etag {
				t.Errorf("ETag is %s, want %s", r.Header.Get("ETag"), etag)
			}
			if got := r.Object(t)["reactions"].(map[string]any); got["3"] != 1.0 || got["5"] != 1.0 || got["1"] != 0.0 {
				t.Errorf("the reactions are %v", got)
			}
		}
	}
	match := func(tags string) map[string]string { return map[string]string{"If-Match": tags} }
	forbidden := "You have not permission for 'PATCH " + comment + "'"
	s.Run(t, []areatest.Step{
		{Name: "get signed out", Do: "GET " + comment, Want: 200, Check: is("one", false, `"1"`, nil)},
		{
			Name: "get by a user who reacted", As: ann, Do: "GET " + comment, Want: 200,
			Check: is("one", false, `"1"`, 3.0),
		},
		{Name: "edit signed out", Do: "PATCH " + comment, Body: writing("two"), Want: 401},
		{
			Name: "edit another user's", As: ann, Do: "PATCH " + comment, Body: writing("two"), Want: 403,
			Hint: forbidden,
		},
		{
			Name: "edit another user's, and another revision", As: ann, Do: "PATCH " + comment, Body: writing("two"),
			Header: match(`"9"`), Want: 403,
		},
		{
			Name: "edit another user's with a bad body", As: ann, Do: "PATCH " + comment + "?x=1",
			Body: writing(""), Want: 400,
		},
		{
			Name: "edit another user's, with a query", As: ann, Do: "PATCH " + comment + "?x=1",
			Body: writing("x"), Want: 403, Hint: forbidden,
		},
		{
			Name: "the same content changes nothing", As: eve, Do: "PATCH " + comment, Body: writing("one"),
			Want: 200, Check: is("one", false, `"1"`, 5.0),
		},
		{
			Name: "another content", As: eve, Do: "PATCH " + comment, Body: writing("two"), Want: 200,
			Check: is("two", true, `"2"`, 5.0),
		},
		{
			Name: "the same again", As: eve, Do: "PATCH " + comment, Body: writing("two"), Want: 200,
			Check: is("two", true, `"2"`, 5.0),
		},
		{
			Name: "back to the first", As: eve, Do: "PATCH " + comment, Body: writing("one"), Want: 200,
			Check: is("one", true, `"3"`, 5.0),
		},
		{
			Name: "another revision", As: eve, Do: "PATCH " + comment, Body: writing("x"), Header: match(`"2"`),
			Want: 412,
		},
		{
			Name: "another revision, the same content", As: eve, Do: "PATCH " + comment, Body: writing("one"),
			Header: match(`"2"`), Want: 412,
		},
		{Name: "a weak tag", As: eve, Do: "PATCH " + comment, Body: writing("x"), Header: match(`W/"3"`), Want: 412},
		{Name: "not a tag", As: eve, Do: "PATCH " + comment, Body: writing("x"), Header: match(`3`), Want: 412},
		{
			Name: "the right revision", As: eve, Do: "PATCH " + comment, Body: writing("four"),
			Header: match(`"3"`), Want: 200, Check: is("four", true, `"4"`, 5.0),
		},
		{
			Name: "one of several", As: eve, Do: "PATCH " + comment, Body: writing("five"),
			Header: match(`"1", "4"`), Want: 200, Check: is("five", true, `"5"`, 5.0),
		},
		{
			Name: "any revision", As: eve, Do: "PATCH " + comment, Body: writing("six"), Header: match(`*`), Want: 200,
			Check: is("six", true, `"6"`, 5.0),
		},
		{
			Name: "an unknown comment with a tag", As: eve, Do: "PATCH /comment/999", Body: writing("x"),
			Header: match(`"1"`), Want: 404,
		},
		{Name: "get at the end", As: eve, Do: "GET " + comment, Want: 200, Check: is("six", true, `"6"`, 5.0)},
		{Name: "HEAD", Do: "HEAD " + comment, Want: 200},
	})
	// A reaction does not change the revision.
	s.React(eve, comment, 1)
	if etag := s.Do(t, nil, "GET "+comment, "").Header.Get("ETag"); etag != `"6"` {
		t.Errorf("after a reaction, ETag is %s", etag)
	}
	areatest.CheckInvariants(t, s.DB)
}
