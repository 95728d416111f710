package main

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestGet(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	post := s.Post(ann, "hello")
	s.Exec("UPDATE users SET nickname = '앤' WHERE uid = $1", ann.UID)
	s.React(eve, post, 3)
	s.Comment(eve, post, "hi")
	seen := func(mine string) func(*testing.T, areatest.Response) {
		return func(t *testing.T, r areatest.Response) {
			object := r.Object(t)
			delete(object, "created_at")
			same(t, object, `{"id":1,"owner":{"id":"ann.1","name":"ann.1","nickname":"앤"},`+
				`"content":"hello","modified":false,`+
				`"comment_count":1,"reactions":{"1":0,"2":0,"3":1,"4":0,"5":0},"my_reaction":`+mine+`}`)
			if r.Header.Get("ETag") != `"1"` {
				t.Errorf("ETag: %q", r.Header.Get("ETag"))
			}
		}
	}
	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "GET " + post, Want: 200, Check: seen("null")},
		{Name: "one's own", As: ann, Do: "GET " + post, Want: 200, Check: seen("null")},
		{Name: "reacted to", As: eve, Do: "GET " + post, Want: 200, Check: seen("3")},
		{Name: "HEAD", Do: "HEAD " + post, Want: 200, Check: func(t *testing.T, r areatest.Response) {
			get := s.Do(t, nil, "GET "+post, "")
			if len(r.Body) > 0 || r.Header.Get("Content-Length") != fmt.Sprint(len(get.Body)) ||
				r.Header.Get("ETag") != `"1"` {
				t.Errorf("%v %q", r.Header, r.Body)
			}
		}},
		{
			Name: "no 304", Do: "GET " + post, Header: map[string]string{"If-None-Match": `"1"`, "If-Match": `"9"`},
			Want: 200, Check: seen("null"),
		},
		{Name: "none", Do: "GET /post/99", Want: 404},
		{Name: "not a number", Do: "GET /post/x", Want: 404},
		{Name: "zero", Do: "GET /post/0", Want: 404},
		{Name: "below zero", Do: "GET /post/-1", Want: 404},
		{Name: "a leading zero", Do: "GET /post/01", Want: 404},
		{Name: "the greatest", Do: "GET /post/9223372036854775807", Want: 404},
		{Name: "beyond 64 bits", Do: "GET /post/9223372036854775808", Want: 404},
		{Name: "trailing slash", Do: "GET " + post + "/", Want: 404},
		{Name: "another method", As: ann, Do: "PUT " + post, Body: body("x"), Want: 405},
	})
}

// The posts of a deleted account are hidden at once, on every route.
func TestPostsOfDeletedAccount(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	post, other := s.Post(ann, "mine"), s.Post(eve, "stays")
	ctx := context.WithoutCancel(t.Context())
	credential, err := s.Store.CredentialByID(ctx, "ann.1")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.DeleteAccount(ctx, credential); err != nil {
		t.Fatal(err)
	}
	if n := s.Int("SELECT count(*) FROM posts"); n != 2 {
		t.Fatalf("%d posts are stored, want 2, as the rows are deleted later", n)
	}
	s.Run(t, []areatest.Step{
		{Name: "by id", Do: "GET " + post, Want: 404},
		{Name: "by id, signed in", As: eve, Do: "GET " + post, Want: 404},
		{Name: "edit", As: eve, Do: "PATCH " + post, Body: body("x"), Want: 404},
		{Name: "delete", As: eve, Do: "DELETE " + post, Want: 404},
		{Name: "feed", Do: "GET /post", Want: 200, Check: func(t *testing.T, r areatest.Response) {
			if items := r.Items(t); len(items) != 1 || fmt.Sprintf("/post/%v", items[0]["id"]) != other {
				t.Errorf("the feed shows %v", items)
			}
		}},
	})
	if response := s.Do(t, ann, "GET "+other, ""); response.Status != http.StatusOK &&
		response.Status != http.StatusUnauthorized {
		t.Errorf("the token of a revoked session: %d", response.Status)
	}
}
