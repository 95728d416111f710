package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"minifb/shared/response"
	"minifb/shared/testkit/areatest"
)

// A notification appends what package json makes of it.
func TestAppendJSON(t *testing.T) {
	t.Parallel()
	comment, reaction := int64(7), 3
	for _, n := range []notification{
		{},
		{
			ID: 21, Type: 1, Actor: response.Person{ID: "ann.1", Name: "앤"}, PostID: 14, CommentID: &comment,
			Read: true, CreatedAt: response.Time(time.Unix(1, 0)),
		},
		{ID: 22, Type: 2, PostID: 14, ReactionType: &reaction},
	} {
		want, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(n.AppendJSON(nil)); got != string(want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	n := notification{ID: 21, Type: 1, Actor: response.Person{ID: "ann.1", Name: "Ann"}, PostID: 14}
	b.Run("appended", func(b *testing.B) {
		for b.Loop() {
			_ = n.AppendJSON(nil)
		}
	})
	b.Run("package json", func(b *testing.B) {
		for b.Loop() {
			_, _ = json.Marshal(n)
		}
	})
}

// list returns the caller's notifications, newest first, in short: "2 eve.1 5 unread".
func list(t *testing.T, s *areatest.Server, c *areatest.Caller, query string) (all []string) {
	t.Helper()
	response := s.Do(t, c, "GET /notification"+query, "")
	if response.Status != 200 {
		t.Fatalf("%d: %s", response.Status, response.Body)
	}
	for _, n := range response.Items(t) {
		what := n["reaction_type"]
		if what == nil {
			what = "comment"
		}
		read := map[bool]string{true: "read", false: "unread"}[n["read"].(bool)]
		all = append(all, fmt.Sprint(n["type"], " ", n["actor"].(map[string]any)["id"], " ", what, " ", read))
	}
	return all
}

// expect checks the caller's notifications, joined by commas.
func expect(t *testing.T, s *areatest.Server, c *areatest.Caller, query, want string) {
	t.Helper()
	if got := strings.Join(list(t, s, c, query), ", "); got != want {
		t.Errorf("the notifications of %s%s are %q, want %q", c.ID, query, got, want)
	}
}
