package main

import (
	"strings"
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestRevokeSession(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	second, third := s.SignIn(ann), s.SignIn(ann)
	const missing = "You have no such session; it may have expired or been revoked."

	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "DELETE /session/" + ann.Session, Want: 401},
		{Name: "signed out, the current one", Do: "DELETE /session/current", Want: 401},
		{Name: "a malformed id", As: ann, Do: "DELETE /session/x", Want: 404, Hint: missing},
		{
			Name: "an unknown id", As: ann, Do: "DELETE /session/00000000-0000-0000-0000-000000000000", Want: 404,
			Hint: missing,
		},
		{Name: "another user's", As: eve, Do: "DELETE /session/" + second.Session, Want: 404, Hint: missing},
		{Name: "another of one's own", As: ann, Do: "DELETE /session/" + strings.ToUpper(second.Session), Want: 204},
		{Name: "twice", As: ann, Do: "DELETE /session/" + second.Session, Want: 404, Hint: missing},
		{Name: "the others are still valid", As: ann, Do: "GET /session", Want: 200, Check: listed(ann, third, ann)},
		{Name: "the current one", As: ann, Do: "DELETE /session/current", Want: 204},
		{Name: "the last is still valid", As: third, Do: "GET /session", Want: 200, Check: listed(third, third)},
	})
	for _, token := range []string{ann.Refresh, second.Refresh} {
		if response := s.Do(t, nil, "POST /refresh", `{"refresh_token":"`+token+`"}`); response.Status != 401 {
			t.Errorf("a revoked session was refreshed: %s", response.Body)
		}
	}
}
