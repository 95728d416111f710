package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestSetEmail(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	const wrong = `"password":"not the password"`

	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "PATCH /user/email", Body: `{"email":"a@b",` + rightPassword + `}`, Want: 401},
		{
			Name: "set", As: ann, Do: "PATCH /user/email", Body: `{"email":"앤@example.org",` + rightPassword + `}`,
			Want: 200, Check: isMe("email", "앤@example.org"),
		},
		{Name: "with a wrong password", As: ann, Do: "PATCH /user/email", Body: `{"email":null,` + wrong + `}`,
			Want: 403,
			Hint: "password: is not this account's; check it and try again"},
		{Name: "without a password", As: ann, Do: "PATCH /user/email", Body: `{"email":"a@b"}`, Want: 400},
		{Name: "without an address", As: ann, Do: "PATCH /user/email", Body: `{` + rightPassword + `}`, Want: 400},
		{Name: "empty", As: ann, Do: "PATCH /user/email", Body: `{"email":"",` + rightPassword + `}`, Want: 400},
		{Name: "not an address", As: ann, Do: "PATCH /user/email", Body: `{"email":"ann b@c",` + rightPassword + `}`,
			Want: 400,
			Hint: "email: a mail address such as ann@example.org, at most 254 characters, or null"},
		{Name: "it is unchanged", As: ann, Do: "GET /user", Want: 200, Check: isMe("email", "앤@example.org")},
		{
			Name: "hidden from others", Do: "GET /user/ann.1", Want: 200,
			Check: isObject([]string{"id", "name", "nickname", "intro", "created_at"}),
		},
		{
			Name: "removed", As: ann, Do: "PATCH /user/email", Body: `{"email":null,` + rightPassword + `}`,
			Want: 200, Check: isMe("email", nil),
		},
	})
	checkLengths(t, s, ann, "email", ","+rightPassword)

	response := s.RaceWith(t, areatest.Step{
		As: ann, Do: "PATCH /user/email", Body: `{"email":"thief@b",` + rightPassword + `}`,
	},
		`UPDATE users SET password_hash = 'another hash' WHERE uid = $1`, ann.UID)
	if response.Status != 403 || s.Int(`SELECT count(*) FROM users WHERE email = 'thief@b'`) != 0 {
		t.Errorf("an old password set the address: %d %s", response.Status, response.Body)
	}
}
