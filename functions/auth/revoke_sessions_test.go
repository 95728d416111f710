package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestEndAll(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	b.SignIn(ann)

	b.Run(t, []areatest.Step{
		{Name: "signed out", Do: "DELETE /session", Want: 401},
		{Name: "all of one's own", As: ann, Do: "DELETE /session", Want: 204},
		{Name: "somebody else's stand", As: eve, Do: "GET /session", Want: 200, Check: listed(eve, eve)},
	})
	if b.Int(`SELECT count(*) FROM sessions WHERE user_uid = $1`, ann.UID) != 0 {
		t.Error("sessions are left")
	}
}
