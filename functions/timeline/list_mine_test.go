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

// shows checks a page's contents, newest first, and its owner.
func shows(owner string, contents ...string) func(*testing.T, areatest.Response) {
	return func(t *testing.T, a areatest.Response) {
		t.Helper()
		var got list
		a.JSON(t, &got)
		if len(got.Items) != len(contents) {
			t.Fatalf("%d items, want %d: %s", len(got.Items), len(contents), a.Body)
		}
		for i, item := range got.Items {
			if item.Content != contents[i] || item.Owner.ID != owner {
				t.Errorf("item %d is %q of %s, want %q of %s", i, item.Content, item.Owner.ID, contents[i], owner)
			}
		}
	}
}

func TestMine(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve, new := b.User("ann.1"), b.User("eve.1"), b.User("new.1")
	for n := range 3 {
		b.Post(ann, fmt.Sprint("ann ", n))
		b.Post(eve, fmt.Sprint("eve ", n))
	}
	b.React(ann, "/post/1", 4)
	b.Run(t, []areatest.Step{
		{Name: "signed out", Do: "GET /timeline", Want: 401},
		{Name: "mine", As: ann, Do: "GET /timeline", Want: 200, Check: shows("ann.1", "ann 2", "ann 1", "ann 0")},
		{Name: "another's", As: eve, Do: "GET /timeline", Want: 200, Check: shows("eve.1", "eve 2", "eve 1", "eve 0")},
		{Name: "nobody's", As: new, Do: "GET /timeline", Want: 200, Check: func(t *testing.T, a areatest.Response) {
			if string(a.Body) != `{"items":[],"next":null}` {
				t.Errorf("%s", a.Body)
			}
		}},
		{Name: "my reaction", As: ann, Do: "GET /timeline", Want: 200, Check: func(t *testing.T, a areatest.Response) {
			if items := a.Items(t); items[2]["my_reaction"] != 4.0 || items[1]["my_reaction"] != nil {
				t.Errorf("%s", a.Body)
			}
		}},
		{Name: "a bad size", As: ann, Do: "GET /timeline?size=0", Want: 400},
		{Name: "a bad cursor", As: ann, Do: "GET /timeline?cursor=x", Want: 400},
		{Name: "trailing slash", As: ann, Do: "GET /timeline/", Want: 404},
		{Name: "another method", As: ann, Do: "POST /timeline", Want: 405},
		{Name: "HEAD", As: ann, Do: "HEAD /timeline", Want: 200, Check: func(t *testing.T, a areatest.Response) {
			if get := b.Do(t, ann, "GET /timeline", ""); len(a.Body) > 0 || a.Header.Get("Content-Length") != fmt.Sprint(len(get.Body)) {
				t.Errorf("%v", a.Header)
			}
		}},
	})

	var first list
	b.Do(t, ann, "GET /timeline?size=2", "").JSON(t, &first)
	b.Run(t, []areatest.Step{
		{Name: "the next page", As: ann, Do: "GET " + *first.Next, Want: 200, Check: shows("ann.1", "ann 0")},
		{Name: "the next page, for another", As: eve, Do: "GET " + *first.Next, Want: 400},
	})
}

// An account that goes while its token is still good has no timeline any more, not even for itself.
func TestMineAfterDeletion(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	b.Post(ann, "hello")
	b.Exec("UPDATE users SET deleted_at = now() WHERE uid = $1", ann.UID)
	answer := b.Do(t, ann, "GET /timeline", "")
	if answer.Status != http.StatusOK || len(answer.Items(t)) != 0 {
		t.Errorf("%d %s", answer.Status, answer.Body)
	}
}
