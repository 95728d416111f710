package main

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestRead(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	post := b.Post(ann, "hello")
	b.Exec("UPDATE users SET nickname = '앤' WHERE uid = $1", ann.UID)
	b.React(eve, post, 3)
	b.Comment(eve, post, "hi")
	seen := func(mine string) func(*testing.T, areatest.Response) {
		return func(t *testing.T, a areatest.Response) {
			object := a.Object(t)
			delete(object, "created_at")
			same(t, object, `{"id":1,"owner":{"id":"ann.1","name":"ann.1","nickname":"앤"},"content":"hello","modified":false,`+
				`"comment_count":1,"reactions":{"1":0,"2":0,"3":1,"4":0,"5":0},"my_reaction":`+mine+`}`)
			if a.Header.Get("ETag") != `"1"` {
				t.Errorf("ETag: %q", a.Header.Get("ETag"))
			}
		}
	}
	b.Run(t, []areatest.Step{
		{Name: "signed out", Do: "GET " + post, Want: 200, Check: seen("null")},
		{Name: "one's own", As: ann, Do: "GET " + post, Want: 200, Check: seen("null")},
		{Name: "reacted to", As: eve, Do: "GET " + post, Want: 200, Check: seen("3")},
		{Name: "HEAD", Do: "HEAD " + post, Want: 200, Check: func(t *testing.T, a areatest.Response) {
			get := b.Do(t, nil, "GET "+post, "")
			if len(a.Body) > 0 || a.Header.Get("Content-Length") != fmt.Sprint(len(get.Body)) || a.Header.Get("ETag") != `"1"` {
				t.Errorf("%v %q", a.Header, a.Body)
			}
		}},
		{Name: "no 304", Do: "GET " + post, Header: map[string]string{"If-None-Match": `"1"`, "If-Match": `"9"`}, Want: 200, Check: seen("null")},
		{Name: "none", Do: "GET /post/99", Want: 404},
		{Name: "not a number", Do: "GET /post/x", Want: 404},
		{Name: "zero", Do: "GET /post/0", Want: 404},
		{Name: "below zero", Do: "GET /post/-1", Want: 404},
		{Name: "written otherwise", Do: "GET /post/01", Want: 404},
		{Name: "the greatest", Do: "GET /post/9223372036854775807", Want: 404},
		{Name: "beyond 64 bits", Do: "GET /post/9223372036854775808", Want: 404},
		{Name: "trailing slash", Do: "GET " + post + "/", Want: 404},
		{Name: "another method", As: ann, Do: "PUT " + post, Body: body("x"), Want: 405},
	})
}

// A deleted account's posts are gone by the same commit, for everybody and on every route.
func TestPostsOfDeletedAccount(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	post, other := b.Post(ann, "mine"), b.Post(eve, "stays")
	ctx := context.WithoutCancel(t.Context())
	credential, err := b.Store.CredentialByID(ctx, "ann.1")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Store.DeleteAccount(ctx, credential); err != nil {
		t.Fatal(err)
	}
	if n := b.Int("SELECT count(*) FROM posts"); n != 2 {
		t.Fatalf("%d posts are stored, want 2: the rows go later", n)
	}
	b.Run(t, []areatest.Step{
		{Name: "by id", Do: "GET " + post, Want: 404},
		{Name: "by id, signed in", As: eve, Do: "GET " + post, Want: 404},
		{Name: "edit", As: eve, Do: "PATCH " + post, Body: body("x"), Want: 404},
		{Name: "delete", As: eve, Do: "DELETE " + post, Want: 404},
		{Name: "feed", Do: "GET /post", Want: 200, Check: func(t *testing.T, a areatest.Response) {
			if items := a.Items(t); len(items) != 1 || fmt.Sprintf("/post/%v", items[0]["id"]) != other {
				t.Errorf("the feed shows %v", items)
			}
		}},
	})
	if answer := b.Do(t, ann, "GET "+other, ""); answer.Status != http.StatusOK && answer.Status != http.StatusUnauthorized {
		t.Errorf("the token of a session that has ended: %d", answer.Status)
	}
}
