package api

import (
	"bytes"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"minifb/shared/response"
	"minifb/shared/store"
)

// What appends its own JSON is written as package json writes it.
func TestAppendedJSON(t *testing.T) {
	t.Parallel()
	next, odd := "/post?cursor=x&size=1", "\xff"
	posts := []response.Post{{Content: "안녕 <a&b>\n"}, {ID: 1}}
	for name, v := range map[string]any{
		"an empty list":     List[response.Post]{Items: []response.Post{}},
		"a list":            List[response.Post]{Items: posts, Next: &next},
		"a post":            posts[0],
		"a list of others":  List[response.User]{Items: []response.User{{ID: "ann.1"}}, Next: &next},
		"no list, no items": List[int]{Items: []int{}},
	} {
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := marshal(&got, v); err != nil || got.String() != string(want) {
			t.Errorf("%s: got %s, %v\nwant %s", name, got.String(), err, want)
		}
	}
	if err := marshal(new(bytes.Buffer), List[response.Post]{Next: &odd}); err == nil {
		t.Error("a link that is not UTF-8 is written")
	}
	var got bytes.Buffer
	if err := marshal(&got, EncodedAs[response.Post]([]byte(`{"id":1}`))); err != nil || got.String() != `{"id":1}` {
		t.Errorf("a stored response is written as %s, %v", got.String(), err)
	}
}

// A view's list is written as the list of its items.
func TestListOfModels(t *testing.T) {
	t.Parallel()
	models := store.List[store.Post]{Items: []store.Post{{ID: 2, Content: "a"}, {ID: 1, Content: "b"}}, Next: "1"}
	p := Page{path: "/post", list: "/post", page: store.Page{Size: 2}, other: url.Values{}}
	var got bytes.Buffer
	if err := marshal(&got, Listed(&p, models, response.NewPost).Body); err != nil {
		t.Fatal(err)
	}
	want := List[response.Post]{Next: Listed(&p, models, response.NewPost).Body.Next}
	for _, model := range models.Items {
		want.Items = append(want.Items, response.NewPost(model))
	}
	text, err := json.Marshal(want)
	if err != nil || want.Next == nil || got.String() != string(text) {
		t.Errorf("got %s, %v\nwant %s", got.String(), err, text)
	}
	var numbers bytes.Buffer
	none := Listed(&p, store.List[int]{}, func(n int) int { return n })
	if err := marshal(&numbers, none.Body); err != nil || numbers.String() != `{"items":[],"next":null}` {
		t.Errorf("got %s, %v", numbers.String(), err)
	}
}

// A page is appended to a buffer that has room for it: nothing is allocated, and what the buffer has stays.
//
//nolint:paralleltest // testing.AllocsPerRun refuses parallel tests
func TestPageIsAppendedInPlace(t *testing.T) {
	posts := make([]response.Post, 100)
	for i := range posts {
		posts[i].Content = strings.Repeat("x", 200)
	}
	for _, size := range []int{20, 100} {
		var page any = List[response.Post]{Items: posts[:size]}
		text, err := json.Marshal(page)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		allocations := testing.AllocsPerRun(10, func() { // runs it once more before
			b.Reset()
			b.WriteString("before")
			err = errors.Join(err, marshal(&b, page))
		})
		if err != nil || b.String() != "before"+string(text) {
			t.Errorf("%d posts: %v, the buffer holds %s", size, err, b.String())
		}
		if allocations > 0 {
			t.Errorf("%d posts: %.0f allocations", size, allocations)
		}
	}
}
