package main

import (
	"strings"
	"testing"

	"minifb/shared/testkit/areatest"
)

// writing is a body with this content.
func writing(content string) string {
	return `{"content":"` + content + `"}`
}

// has checks fields of the answer's object, by the JSON that they are.
func has(want map[string]any) func(*testing.T, areatest.Response) {
	return func(t *testing.T, a areatest.Response) {
		t.Helper()
		got := a.Object(t)
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s is %v, want %v", name, got[name], value)
			}
		}
	}
}

// noPath is what the ids of nothing look like.
var noPath = []string{"0", "-1", "+1", "01", "1.0", "x", "9223372036854775807", "9223372036854775808", "99999999999999999999", "1%2F2", "%31x", "%20"}

func TestIDsOfNothing(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	for _, id := range noPath {
		b.Run(t, []areatest.Step{
			{Name: "add " + id, As: ann, Do: "POST /post/" + id + "/comment", Body: writing("hi"), Want: 404},
			{Name: "list " + id, Do: "GET /post/" + id + "/comment", Want: 404},
			{Name: "read " + id, Do: "GET /comment/" + id, Want: 404},
			{Name: "edit " + id, As: ann, Do: "PATCH /comment/" + id, Body: writing("hi"), Want: 404},
			{Name: "delete " + id, As: ann, Do: "DELETE /comment/" + id, Want: 404},
		})
	}
}

// Lengths count code points, whatever they look like to a reader.
func TestLengths(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	path := b.Post(ann, "post") + "/comment"
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
		same := func(t *testing.T, a areatest.Response) {
			if got := a.Object(t)["content"]; got != full {
				t.Errorf("%q came back as %q", full, got)
			}
		}
		b.Run(t, []areatest.Step{
			{Name: name + ", one", As: ann, Do: "POST " + path, Body: writing(character.text), Want: 201, Check: has(map[string]any{"content": character.text})},
			{Name: name + ", 1000", As: ann, Do: "POST " + path, Body: writing(full), Want: 201, Check: same},
			{Name: name + ", 1001", As: ann, Do: "POST " + path, Body: writing(full + "x"), Want: 400, Hint: "content: expected length <= 1000"},
		})
	}
	comment := b.Comment(ann, strings.TrimSuffix(path, "/comment"), "short")
	b.Run(t, []areatest.Step{
		{Name: "none", As: ann, Do: "POST " + path, Body: writing(""), Want: 400, Hint: "content: expected length >= 1"},
		{Name: "spaces are stored as sent", As: ann, Do: "POST " + path, Body: writing(`  \n `), Want: 201, Check: has(map[string]any{"content": "  \n "})},
		{Name: "edited to none", As: ann, Do: "PATCH " + comment, Body: writing(""), Want: 400, Hint: "content: expected length >= 1"},
		{Name: "edited to 1000", As: ann, Do: "PATCH " + comment, Body: writing(strings.Repeat("각", 1000)), Want: 200},
		{Name: "edited to 1001", As: ann, Do: "PATCH " + comment, Body: writing(strings.Repeat("각", 1001)), Want: 400, Hint: "content: expected length <= 1000"},
	})
}
