package main

import (
	"fmt"
	"net/http"
	"testing"

	"minifb/shared/testkit/areatest"
)

// list is a page of posts.
type list struct {
	Items []struct {
		Content string
		Owner   struct{ ID string }
	}
	Next *string
}

// shows checks the contents of a page, newest first, and their owner.
func shows(owner string, contents ...string) func(*testing.T, areatest.Response) {
	return func(t *testing.T, r areatest.Response) {
		t.Helper()
		var got list
		r.JSON(t, &got)
		if len(got.Items) != len(contents) {
			t.Fatalf("%d items, want %d: %s", len(got.Items), len(contents), r.Body)
		}
		for i, item := range got.Items {
			if item.Content != contents[i] || item.Owner.ID != owner {
				t.Errorf("item %d is %q of %s, want %q of %s", i, item.Content, item.Owner.ID, contents[i], owner)
			}
		}
	}
}

func TestListMine(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve, new := s.User("ann.1"), s.User("eve.1"), s.User("new.1")
	for n := range 3 {
		s.Post(ann, fmt.Sprint("ann ", n))
		s.Post(eve, fmt.Sprint("eve ", n))
	}
	s.React(ann, "/post/1", 4)
	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "GET /timeline", Want: 401},
		{Name: "mine", As: ann, Do: "GET /timeline", Want: 200, Check: shows("ann.1", "ann 2", "ann 1", "ann 0")},
		{
			Name: "another user's", As: eve, Do: "GET /timeline", Want: 200,
			Check: shows("eve.1", "eve 2", "eve 1", "eve 0"),
		},
		{Name: "without posts", As: new, Do: "GET /timeline", Want: 200,
			Check: func(t *testing.T, r areatest.Response) {
				if string(r.Body) != `{"items":[],"next":null}` {
					t.Errorf("%s", r.Body)
				}
			}},
		{Name: "my reaction", As: ann, Do: "GET /timeline", Want: 200, Check: func(t *testing.T, r areatest.Response) {
			if items := r.Items(t); items[2]["my_reaction"] != 4.0 || items[1]["my_reaction"] != nil {
				t.Errorf("%s", r.Body)
			}
		}},
		{Name: "a bad size", As: ann, Do: "GET /timeline?size=0", Want: 400},
		{Name: "a bad cursor", As: ann, Do: "GET /timeline?cursor=x", Want: 400},
		{Name: "trailing slash", As: ann, Do: "GET /timeline/", Want: 404},
		{Name: "another method", As: ann, Do: "POST /timeline", Want: 405},
		{Name: "HEAD", As: ann, Do: "HEAD /timeline", Want: 200, Check: func(t *testing.T, r areatest.Response) {
			if get := s.Do(t, ann, "GET /timeline", ""); len(r.Body) > 0 ||
				r.Header.Get("Content-Length") != fmt.Sprint(len(get.Body)) {
				t.Errorf("%v", r.Header)
			}
		}},
	})

	var first list
	s.Do(t, ann, "GET /timeline?size=2", "").JSON(t, &first)
	s.Run(t, []areatest.Step{
		{Name: "the next page", As: ann, Do: "GET " + *first.Next, Want: 200, Check: shows("ann.1", "ann 0")},
		{Name: "the next page, for another user", As: eve, Do: "GET " + *first.Next, Want: 400},
	})
}

// The timeline of a deleted account is empty, although its token is still valid.
func TestListMineAfterDeletion(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	s.Post(ann, "hello")
	s.Exec("UPDATE users SET deleted_at = now() WHERE uid = $1", ann.UID)
	response := s.Do(t, ann, "GET /timeline", "")
	if response.Status != http.StatusOK || len(response.Items(t)) != 0 {
		t.Errorf("%d %s", response.Status, response.Body)
	}
}
