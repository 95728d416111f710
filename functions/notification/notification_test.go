package main

import (
	"fmt"
	"strings"
	"testing"

	"minifb/shared/testkit/areatest"
)

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
