package main

import (
	"net/http"
	"sync"
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestDelete(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	post, other := s.Post(ann, "hello"), s.Post(ann, "stays")
	comment := s.Comment(eve, post, "hi")
	s.React(eve, post, 2)
	s.React(ann, comment, 4)
	s.React(eve, other, 2)
	match := func(etag string) map[string]string { return map[string]string{"If-Match": etag} }

	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "DELETE " + post, Want: 401},
		{Name: "not a number", As: ann, Do: "DELETE /post/x", Want: 404},
		{Name: "none", As: ann, Do: "DELETE /post/99", Header: match(`"9"`), Want: 404},
		{Name: "another user's", As: eve, Do: "DELETE " + post + "?x=y", Want: 403,
			Hint: "You have not permission for 'DELETE " + post + "'"},
		{Name: "another user's, with a tag", As: eve, Do: "DELETE " + post, Header: match(`"9"`), Want: 403},
		{Name: "another revision's tag", As: ann, Do: "DELETE " + post, Header: match(`"2"`), Want: 412},
		{Name: "a weak tag", As: ann, Do: "DELETE " + post, Header: match(`W/"1"`), Want: 412},
		{Name: "a malformed tag", As: ann, Do: "DELETE " + post, Header: match(`rubbish`), Want: 412},
		{Name: "it still exists", Do: "GET " + post, Want: 200},
		{Name: "one's own", As: ann, Do: "DELETE " + post, Header: match(`"1"`), Want: 204},
		{Name: "twice", As: ann, Do: "DELETE " + post, Want: 404},
		{Name: "twice, by another user", As: eve, Do: "DELETE " + post, Want: 404},
		{Name: "it is deleted", Do: "GET " + post, Want: 404},
		{Name: "it cannot be edited", As: ann, Do: "PATCH " + post, Body: body("x"), Want: 404},
	})
	for table, want := range map[string]int{"comments": 0, "post_reactions": 1, "comment_reactions": 0,
		"notifications": 1, "posts": 1} {
		if n := s.Int("SELECT count(*) FROM " + table); n != want {
			t.Errorf("%d %s are left, want %d", n, table, want)
		}
	}
	s.Run(t, []areatest.Step{
		{Name: "any tag", As: ann, Do: "DELETE " + other, Header: match("*"), Want: 204},
	})
}

// Of concurrent deletions one succeeds. Concurrent edits succeed, or get 404.
func TestConcurrentDeletes(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	post := s.Post(ann, "hello")
	var mu sync.Mutex
	count := map[string]map[int]int{"DELETE": {}, "PATCH": {}}
	var all sync.WaitGroup
	for range 8 {
		for method, content := range map[string]string{"DELETE": "", "PATCH": body("edited")} {
			all.Go(func() {
				status := s.Do(t, ann, method+" "+post, content).Status
				mu.Lock()
				defer mu.Unlock()
				count[method][status]++
			})
		}
	}
	all.Wait()
	if count["DELETE"][http.StatusNoContent] != 1 || count["DELETE"][http.StatusNotFound] != 7 {
		t.Errorf("DELETE: %v", count["DELETE"])
	}
	if count["PATCH"][http.StatusOK]+count["PATCH"][http.StatusNotFound] != 8 {
		t.Errorf("PATCH: %v", count["PATCH"])
	}
}
