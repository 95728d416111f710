package main

import (
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"minifb/shared/response"
	"minifb/shared/testkit/areatest"
)

// writing returns a body with this content.
func writing(content string) string {
	return `{"content":"` + content + `"}`
}

// has checks keys of the response's object.
func has(want map[string]any) func(*testing.T, areatest.Response) {
	return func(t *testing.T, r areatest.Response) {
		t.Helper()
		got := r.Object(t)
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s is %v, want %v", name, got[name], value)
			}
		}
	}
}

// malformedIDs are ids that nothing can have.
var malformedIDs = []string{"0", "-1", "+1", "01", "1.0", "x", "9223372036854775807", "9223372036854775808",
	"99999999999999999999", "1%2F2", "%31x", "%20"}

func TestMalformedIDs(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	for _, id := range malformedIDs {
		s.Run(t, []areatest.Step{
			{Name: "add " + id, As: ann, Do: "POST /post/" + id + "/comment", Body: writing("hi"), Want: 404},
			{Name: "list " + id, Do: "GET /post/" + id + "/comment", Want: 404},
			{Name: "read " + id, Do: "GET /comment/" + id, Want: 404},
			{Name: "edit " + id, As: ann, Do: "PATCH /comment/" + id, Body: writing("hi"), Want: 404},
			{Name: "delete " + id, As: ann, Do: "DELETE /comment/" + id, Want: 404},
		})
	}
}

// Lengths count code points.
func TestLengths(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	path := s.Post(ann, "post") + "/comment"
	for name, character := range map[string]struct {
		text   string
		points int
	}{
		"ASCII":                  {"a", 1},
		"Hangul":                 {"한", 1},
		"Hangul in parts (NFD)":  {"\u1112\u1161\u11ab", 3},
		"beyond the first plane": {"𝒜", 1},
		"emoji with joiners":     {"👩\u200d👩\u200d👧\u200d👦", 7},
		"a flag":                 {"🇰🇷", 2},
	} {
		full := strings.Repeat(character.text, 1000/character.points) + strings.Repeat("x", 1000%character.points)
		same := func(t *testing.T, r areatest.Response) {
			if got := r.Object(t)["content"]; got != full {
				t.Errorf("sent %q, got %q", full, got)
			}
		}
		s.Run(t, []areatest.Step{
			{
				Name: name + ", one", As: ann, Do: "POST " + path, Body: writing(character.text), Want: 201,
				Check: has(map[string]any{"content": character.text}),
			},
			{Name: name + ", 1000", As: ann, Do: "POST " + path, Body: writing(full), Want: 201, Check: same},
			{
				Name: name + ", 1001", As: ann, Do: "POST " + path, Body: writing(full + "x"), Want: 400,
				Hint: "content: 1 to 1000 characters",
			},
		})
	}
	comment := s.Comment(ann, strings.TrimSuffix(path, "/comment"), "short")
	s.Run(t, []areatest.Step{
		{
			Name: "none", As: ann, Do: "POST " + path, Body: writing(""), Want: 400,
			Hint: "content: 1 to 1000 characters",
		},
		{
			Name: "spaces are stored as sent", As: ann, Do: "POST " + path, Body: writing(`  \n `), Want: 201,
			Check: has(map[string]any{"content": "  \n "}),
		},
		{
			Name: "edited to none", As: ann, Do: "PATCH " + comment, Body: writing(""), Want: 400,
			Hint: "content: 1 to 1000 characters",
		},
		{Name: "edited to 1000", As: ann, Do: "PATCH " + comment, Body: writing(strings.Repeat("각", 1000)), Want: 200},
		{
			Name: "edited to 1001", As: ann, Do: "PATCH " + comment, Body: writing(strings.Repeat("각", 1001)),
			Want: 400, Hint: "content: 1 to 1000 characters",
		},
	})
}

// A comment appends what package json makes of it.
func TestAppendJSON(t *testing.T) {
	t.Parallel()
	mine := 3
	for _, c := range []comment{
		{},
		{
			ID: 7, PostID: 14, Owner: response.Person{ID: "ann.1", Name: "앤"}, Content: "<a&b>\n", Modified: true,
			Reactions: response.Reactions{Type1: 1, Type5: 5}, MyReaction: &mine,
			CreatedAt: response.Time(time.Unix(1, 0)),
		},
	} {
		want, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(c.AppendJSON(nil)); got != string(want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
