package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestUser(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("Ann.1"), b.User("eve.1")
	b.Exec(`UPDATE users SET email = 'ann@example.org' WHERE uid = $1`, ann.UID)
	isAnn := isObject([]string{"id", "name", "nickname", "intro", "created_at"}, "id", "Ann.1", "nickname", nil)
	const missing = "There is no such user; check the ID."

	b.Run(t, []areatest.Step{
		{Name: "signed out", Do: "GET /user/Ann.1", Want: 200, Check: isAnn},
		{Name: "in another case", As: eve, Do: "GET /user/aNN.1", Want: 200, Check: isAnn},
		{Name: "one's own, like anybody's", As: ann, Do: "GET /user/ann.1", Want: 200, Check: isAnn},
		{Name: "percent-encoded", Do: "GET /user/%41nn%2E1", Want: 200, Check: isAnn},
		{Name: "a bad token", Do: "GET /user/ann.1", Header: map[string]string{"Authorization": "Bearer x"}, Want: 401},
		{Name: "nobody's", Do: "GET /user/joe.1", Want: 404, Hint: missing},
		{Name: "ill-formed", Do: "GET /user/x", Want: 404, Hint: missing},
		{Name: "no UTF-8", Do: "GET /user/ann%FF", Want: 404, Hint: missing},
		{Name: "U+0000", Do: "GET /user/ann.1%00", Want: 404, Hint: missing},
		{Name: "another method", Do: "DELETE /user/ann.1", Want: 405},
	})
}
