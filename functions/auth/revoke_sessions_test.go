package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestRevokeSessions(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	s.SignIn(ann)

	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "DELETE /session", Want: 401},
		{Name: "all of one's own", As: ann, Do: "DELETE /session", Want: 204},
		{Name: "another user's are still valid", As: eve, Do: "GET /session", Want: 200, Check: listed(eve, eve)},
	})
	if s.Int(`SELECT count(*) FROM sessions WHERE user_uid = $1`, ann.UID) != 0 {
		t.Error("sessions are left")
	}
}
