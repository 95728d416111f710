package main

import (
	"strings"
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestEnd(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	second, third := b.SignIn(ann), b.SignIn(ann)
	const missing = "You have no such session; it may have expired or been revoked."

	b.Run(t, []areatest.Step{
		{Name: "signed out", Do: "DELETE /session/" + ann.Session, Want: 401},
		{Name: "signed out, the current one", Do: "DELETE /session/current", Want: 401},
		{Name: "no id", As: ann, Do: "DELETE /session/x", Want: 404, Hint: missing},
		{Name: "nobody's", As: ann, Do: "DELETE /session/00000000-0000-0000-0000-000000000000", Want: 404, Hint: missing},
		{Name: "somebody else's", As: eve, Do: "DELETE /session/" + second.Session, Want: 404, Hint: missing},
		{Name: "another of one's own", As: ann, Do: "DELETE /session/" + strings.ToUpper(second.Session), Want: 204},
		{Name: "twice", As: ann, Do: "DELETE /session/" + second.Session, Want: 404, Hint: missing},
		{Name: "the others stand", As: ann, Do: "GET /session", Want: 200, Check: listed(ann, third, ann)},
		{Name: "this one", As: ann, Do: "DELETE /session/current", Want: 204},
		{Name: "the last stands", As: third, Do: "GET /session", Want: 200, Check: listed(third, third)},
	})
	for _, token := range []string{ann.Refresh, second.Refresh} {
		if answer := b.Do(t, nil, "POST /refresh", `{"refresh_token":"`+token+`"}`); answer.Status != 401 {
			t.Errorf("an ended session was refreshed: %s", answer.Body)
		}
	}
}
