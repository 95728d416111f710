package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestGetUser(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("Ann.1"), s.User("eve.1")
	s.Exec(`UPDATE users SET email = 'ann@example.org' WHERE uid = $1`, ann.UID)
	isAnn := isObject([]string{"id", "name", "nickname", "intro", "created_at"}, "id", "Ann.1", "nickname", nil)
	const missing = "There is no such user; check the ID."

	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "GET /user/Ann.1", Want: 200, Check: isAnn},
		{Name: "in another case", As: eve, Do: "GET /user/aNN.1", Want: 200, Check: isAnn},
		{Name: "one's own", As: ann, Do: "GET /user/ann.1", Want: 200, Check: isAnn},
		{Name: "percent-encoded", Do: "GET /user/%41nn%2E1", Want: 200, Check: isAnn},
		{Name: "a bad token", Do: "GET /user/ann.1", Header: map[string]string{"Authorization": "Bearer x"}, Want: 401},
		{Name: "unknown", Do: "GET /user/joe.1", Want: 404, Hint: missing},
		{Name: "malformed", Do: "GET /user/x", Want: 404, Hint: missing},
		{Name: "not UTF-8", Do: "GET /user/ann%FF", Want: 404, Hint: missing},
		{Name: "U+0000", Do: "GET /user/ann.1%00", Want: 404, Hint: missing},
		{Name: "another method", Do: "DELETE /user/ann.1", Want: 405},
	})
}
