package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestSetNickname(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, deleted := s.User("ann.1"), s.User("deleted.1")
	s.Exec(`UPDATE users SET deleted_at = now() WHERE uid = $1`, deleted.UID)

	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "PATCH /user/nickname", Body: `{"nickname":"앤"}`, Want: 401},
		{
			Name: "set", As: ann, Do: "PATCH /user/nickname", Body: `{"nickname":"앤"}`, Want: 200,
			Check: isMe("nickname", "앤", "name", "ann.1"),
		},
		{
			Name: "set again", As: ann, Do: "PATCH /user/nickname", Body: `{"nickname":"앤"}`, Want: 200,
			Check: isMe("nickname", "앤"),
		},
		{Name: "shown to all", Do: "GET /user/ann.1", Want: 200, Check: func(t *testing.T, r areatest.Response) {
			if got := r.Object(t)["nickname"]; got != "앤" {
				t.Errorf("nickname is %v", got)
			}
		}},
		{
			Name: "no key", As: ann, Do: "PATCH /user/nickname", Body: `{}`, Want: 400,
			Hint: "nickname: 1 to 30 characters, no control characters, or null (missing)",
		},
		{
			Name: "empty", As: ann, Do: "PATCH /user/nickname", Body: `{"nickname":""}`, Want: 400,
			Hint: "nickname: 1 to 30 characters, no control characters, or null",
		},
		{
			Name: "a number", As: ann, Do: "PATCH /user/nickname", Body: `{"nickname":1}`, Want: 400,
			Hint: "nickname: 1 to 30 characters, no control characters, or null, as a string",
		},
		{Name: "a tab", As: ann, Do: "PATCH /user/nickname", Body: `{"nickname":"a\tb"}`, Want: 400,
			Hint: "nickname: 1 to 30 characters, no control characters, or null"},
		{
			Name: "removed", As: ann, Do: "PATCH /user/nickname", Body: `{"nickname":null}`, Want: 200,
			Check: isMe("nickname", nil),
		},
		{
			Name: "of a deleted account", As: deleted, Do: "PATCH /user/nickname",
			Body: `{"nickname":"앤"}`, Want: 401,
		},
	})
	checkLengths(t, s, ann, "nickname", "")
}

// checkLengths sets a field to texts of the shortest and the longest lengths. more is the rest of
// the body.
func checkLengths(t *testing.T, s *areatest.Server, as *areatest.Caller, field, more string) {
	t.Helper()
	for _, text := range fieldTexts()[field] {
		step := areatest.Step{Name: text.Name, As: as, Do: "PATCH /user/" + field,
			Body: `{"` + field + `":"` + text.Value + `"` + more + `}`, Want: 400}
		if text.OK {
			step.Want, step.Check = 200, isMe(field, text.Value)
		}
		s.Run(t, []areatest.Step{step})
	}
}
