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
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	empty := s.Do(t, nil, "GET /post", "")
	if string(empty.Body) != `{"items":[],"next":null}` {
		t.Errorf("an empty feed is %s", empty.Body)
	}
	for n := range 21 {
		s.Post([]*areatest.Caller{ann, eve}[n%2], fmt.Sprint(n+1))
	}
	s.React(eve, "/post/21", 5)
	contents := func(first, last int, next string) func(*testing.T, areatest.Response) {
		return func(t *testing.T, r areatest.Response) {
			var got list
			r.JSON(t, &got)
			want := first
			for _, item := range got.Items {
				if item.Content != fmt.Sprint(want) {
					t.Fatalf("got %s, want %d: %s", item.Content, want, r.Body)
				}
				want--
			}
			if want != last-1 || (got.Next != nil) != (next != "") || got.Next != nil &&
				!strings.HasSuffix(*got.Next, next) {
				t.Errorf("the page ends before %d, next is %v", want, got.Next)
			}
		}
	}
	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "GET /post", Want: 200, Check: contents(21, 2, "&size=20")},
		{Name: "signed in", As: ann, Do: "GET /post", Want: 200, Check: contents(21, 2, "&size=20")},
		{Name: "exactly all", Do: "GET /post?size=21", Want: 200, Check: contents(21, 1, "")},
		{Name: "more than all", Do: "GET /post?size=100", Want: 200, Check: contents(21, 1, "")},
		{Name: "one", Do: "GET /post?size=1", Want: 200, Check: contents(21, 21, "&size=1")},
		{Name: "none", Do: "GET /post?size=0", Want: 400},
		{Name: "too many", Do: "GET /post?size=101", Want: 400},
		{Name: "a bad cursor", Do: "GET /post?cursor=x", Want: 400},
		{Name: "a bad query", Do: "GET /post?size=%zz", Want: 400},
		{Name: "my reaction", As: eve, Do: "GET /post?size=2", Want: 200,
			Check: func(t *testing.T, r areatest.Response) {
				var got list
				r.JSON(t, &got)
				if got.Items[0].MyReaction == nil || *got.Items[0].MyReaction != 5 || got.Items[1].MyReaction != nil {
					t.Errorf("%s", r.Body)
				}
			}},
		{Name: "HEAD", Do: "HEAD /post?size=5", Want: 200, Check: func(t *testing.T, r areatest.Response) {
			get := s.Do(t, nil, "GET /post?size=5", "")
			if len(r.Body) > 0 || r.Header.Get("Content-Length") != fmt.Sprint(len(get.Body)) {
				t.Errorf("%v", r.Header)
			}
		}},
	})
}

// The store refuses a cursor with a key that no list of posts has.
func TestListForgedCursor(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	for range 3 {
		s.Post(ann, "x")
	}
	var got list
	s.Do(t, nil, "GET /post?size=1", "").JSON(t, &got)
	s.Run(t, []areatest.Step{
		{Name: "as given", Do: "GET " + *got.Next, Want: 200},
		{Name: "with a key of the list", Do: "GET " + forge(t, *got.Next, "2"), Want: 200},
		{Name: "with a key of no list", Do: "GET " + forge(t, *got.Next, "x"), Want: 400},
		{Name: "below zero", Do: "GET " + forge(t, *got.Next, "-1"), Want: 400},
		{Name: "beyond 64 bits", Do: "GET " + forge(t, *got.Next, "9223372036854775808"), Want: 400},
		{Name: "with U+0000", Do: "GET " + forge(t, *got.Next, "1\x00"), Want: 400},
	})
}

// Following next through the feed, while posts are created and deleted, shows each post that exists
// the whole time exactly once, and the newer before the older.
func TestPagesWhileWriting(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	var kept []int64
	var deleted []string
	for n := range 200 {
		if path := s.Post(ann, "x"); n%3 == 0 {
			deleted = append(deleted, path)
		} else {
			var id int64
			if _, err := fmt.Sscanf(path, "/post/%d", &id); err != nil {
				t.Fatal(err)
			}
			kept = append(kept, id)
		}
	}
	slices.Reverse(kept)

	stop := make(chan struct{})
	var writers sync.WaitGroup
	writers.Go(func() {
		for _, path := range deleted {
			if status := s.Do(t, ann, "DELETE "+path, "").Status; status != http.StatusNoContent {
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
				s.Do(t, eve, "POST /post", body("new"))
			}
		}
	})
	for _, size := range []int{1, 7, 20} {
		var shown []int64
		next := fmt.Sprintf("/post?size=%d", size)
		for next != "" {
			var got list
			response := s.Do(t, nil, "GET "+next, "")
			if response.Status != http.StatusOK {
				t.Fatalf("%s: %d %s", next, response.Status, response.Body)
			}
			response.JSON(t, &got)
			if len(got.Items) > size {
				t.Fatalf("%d items on a page of %d", len(got.Items), size)
			}
			for _, item := range got.Items {
				if len(shown) > 0 && item.ID >= shown[len(shown)-1] {
					t.Fatalf("post %d after %d", item.ID, shown[len(shown)-1])
				}
				shown = append(shown, item.ID)
			}
			if next = ""; got.Next != nil {
				next = *got.Next
			}
		}
		shown = slices.DeleteFunc(shown, func(id int64) bool { return !slices.Contains(kept, id) })
		if !slices.Equal(shown, kept) {
			t.Errorf("pages of %d: got %v, want %v", size, shown, kept)
		}
	}
	close(stop)
	writers.Wait()
}
