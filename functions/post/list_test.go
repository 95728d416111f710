package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"minifb/shared/testkit/areatest"
)

// list is a page of posts.
type list struct {
	Items []struct {
		ID         int64
		Content    string
		MyReaction *int `json:"my_reaction"`
	}
	Next *string
}

func TestList(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	empty := b.Do(t, nil, "GET /post", "")
	if string(empty.Body) != `{"items":[],"next":null}` {
		t.Errorf("an empty feed is %s", empty.Body)
	}
	for n := range 21 {
		b.Post([]*areatest.Caller{ann, eve}[n%2], fmt.Sprint(n+1))
	}
	b.React(eve, "/post/21", 5)
	contents := func(first, last int, next string) func(*testing.T, areatest.Response) {
		return func(t *testing.T, a areatest.Response) {
			var got list
			a.JSON(t, &got)
			want := first
			for _, item := range got.Items {
				if item.Content != fmt.Sprint(want) {
					t.Fatalf("%s where %d is due: %s", item.Content, want, a.Body)
				}
				want--
			}
			if want != last-1 || (got.Next != nil) != (next != "") || got.Next != nil && !strings.HasSuffix(*got.Next, next) {
				t.Errorf("the page ends before %d, next is %v", want, got.Next)
			}
		}
	}
	b.Run(t, []areatest.Step{
		{Name: "signed out", Do: "GET /post", Want: 200, Check: contents(21, 2, "&size=20")},
		{Name: "signed in", As: ann, Do: "GET /post", Want: 200, Check: contents(21, 2, "&size=20")},
		{Name: "just all", Do: "GET /post?size=21", Want: 200, Check: contents(21, 1, "")},
		{Name: "more than all", Do: "GET /post?size=100", Want: 200, Check: contents(21, 1, "")},
		{Name: "one", Do: "GET /post?size=1", Want: 200, Check: contents(21, 21, "&size=1")},
		{Name: "none", Do: "GET /post?size=0", Want: 400},
		{Name: "too many", Do: "GET /post?size=101", Want: 400},
		{Name: "a bad cursor", Do: "GET /post?cursor=x", Want: 400},
		{Name: "a bad query", Do: "GET /post?size=%zz", Want: 400},
		{Name: "my reaction", As: eve, Do: "GET /post?size=2", Want: 200, Check: func(t *testing.T, a areatest.Response) {
			var got list
			a.JSON(t, &got)
			if got.Items[0].MyReaction == nil || *got.Items[0].MyReaction != 5 || got.Items[1].MyReaction != nil {
				t.Errorf("%s", a.Body)
			}
		}},
		{Name: "HEAD", Do: "HEAD /post?size=5", Want: 200, Check: func(t *testing.T, a areatest.Response) {
			get := b.Do(t, nil, "GET /post?size=5", "")
			if len(a.Body) > 0 || a.Header.Get("Content-Length") != fmt.Sprint(len(get.Body)) {
				t.Errorf("%v", a.Header)
			}
		}},
	})
}

// A cursor whose key no list of posts ever gave is refused by the store itself.
func TestListForgedCursor(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	for range 3 {
		b.Post(ann, "x")
	}
	var got list
	b.Do(t, nil, "GET /post?size=1", "").JSON(t, &got)
	b.Run(t, []areatest.Step{
		{Name: "as given", Do: "GET " + *got.Next, Want: 200},
		{Name: "its key replaced", Do: "GET " + forge(t, *got.Next, "x"), Want: 400},
		{Name: "below zero", Do: "GET " + forge(t, *got.Next, "-1"), Want: 400},
		{Name: "beyond 64 bits", Do: "GET " + forge(t, *got.Next, "9223372036854775808"), Want: 400},
		{Name: "with U+0000", Do: "GET " + forge(t, *got.Next, "1\x00"), Want: 400},
	})
}

// TestWalk goes through the feed page by page while posts are written and deleted: each post that stands the whole time
// is met exactly once, none twice, and always the newer before the older.
func TestWalk(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	var standing []int64
	var doomed []string
	for n := range 200 {
		if path := b.Post(ann, "x"); n%3 == 0 {
			doomed = append(doomed, path)
		} else {
			var id int64
			if _, err := fmt.Sscanf(path, "/post/%d", &id); err != nil {
				t.Fatal(err)
			}
			standing = append(standing, id)
		}
	}
	slices.Reverse(standing)

	stop := make(chan struct{})
	var writers sync.WaitGroup
	writers.Go(func() {
		for _, path := range doomed {
			if status := b.Do(t, ann, "DELETE "+path, "").Status; status != http.StatusNoContent {
				t.Errorf("DELETE %s: %d", path, status)
			}
		}
	})
	writers.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				b.Do(t, eve, "POST /post", body("new"))
			}
		}
	})
	for _, size := range []int{1, 7, 20} {
		var met []int64
		next := fmt.Sprintf("/post?size=%d", size)
		for next != "" {
			var got list
			answer := b.Do(t, nil, "GET "+next, "")
			if answer.Status != http.StatusOK {
				t.Fatalf("%s: %d %s", next, answer.Status, answer.Body)
			}
			answer.JSON(t, &got)
			if len(got.Items) > size {
				t.Fatalf("%d items on a page of %d", len(got.Items), size)
			}
			for _, item := range got.Items {
				if len(met) > 0 && item.ID >= met[len(met)-1] {
					t.Fatalf("post %d after %d", item.ID, met[len(met)-1])
				}
				met = append(met, item.ID)
			}
			if next = ""; got.Next != nil {
				next = *got.Next
			}
		}
		met = slices.DeleteFunc(met, func(id int64) bool { return !slices.Contains(standing, id) })
		if !slices.Equal(met, standing) {
			t.Errorf("pages of %d: met %v, standing are %v", size, met, standing)
		}
	}
	close(stop)
	writers.Wait()
}
