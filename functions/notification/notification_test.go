package main

import (
	"fmt"
	"strings"
	"testing"

	"minifb/shared/testkit/areatest"
)

// told is what the caller's notifications say, newest first, in short: "2 eve.1 5 unread".
func told(t *testing.T, b *areatest.Server, c *areatest.Caller, query string) (all []string) {
	t.Helper()
	answer := b.Do(t, c, "GET /notification"+query, "")
	if answer.Status != 200 {
		t.Fatalf("%d: %s", answer.Status, answer.Body)
	}
	for _, n := range answer.Items(t) {
		what := n["reaction_type"]
		if what == nil {
			what = "comment"
		}
		read := map[bool]string{true: "read", false: "unread"}[n["read"].(bool)]
		all = append(all, fmt.Sprint(n["type"], " ", n["actor"].(map[string]any)["id"], " ", what, " ", read))
	}
	return all
}

// expect compares told, joined by commas.
func expect(t *testing.T, b *areatest.Server, c *areatest.Caller, query, want string) {
	t.Helper()
	if got := strings.Join(told(t, b, c, query), ", "); got != want {
		t.Errorf("%s was told%s %q, want %q", c.ID, query, got, want)
	}
}
