package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestGetMe(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, deleted := s.User("Ann.1"), s.User("deleted.1")
	s.Exec(`UPDATE users SET nickname = '앤', intro = 'Hello', email = 'ann@example.org', role = 'admin'
		WHERE uid = $1`, ann.UID)
	s.Exec(`UPDATE users SET deleted_at = now() WHERE uid = $1`, deleted.UID) // its token is still valid

	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "GET /user", Want: 401},
		{Name: "one's own", As: ann, Do: "GET /user", Want: 200,
			Check: isMe("id", "Ann.1", "name", "Ann.1", "nickname", "앤", "intro", "Hello", "email",
				"ann@example.org", "role", "admin")},
		{Name: "HEAD", As: ann, Do: "HEAD /user", Want: 200},
		{
			Name: "a deleted account", As: deleted, Do: "GET /user", Want: 401,
			Hint: "The account of this token has been deleted; sign in with another account.",
		},
	})
}

// isMe checks that a response is a Me, and that some of its keys have these values.
func isMe(pairs ...any) func(*testing.T, areatest.Response) {
	return isObject([]string{"id", "name", "nickname", "intro", "created_at", "email", "role"}, pairs...)
}

func isObject(keys []string, pairs ...any) func(*testing.T, areatest.Response) {
	return func(t *testing.T, r areatest.Response) {
		t.Helper()
		object := r.Object(t)
		for _, key := range keys {
			if _, ok := object[key]; !ok {
				t.Errorf("%s is missing in %s", key, r.Body)
			}
		}
		if len(object) != len(keys) {
			t.Errorf("%d keys, want %d, in %s", len(object), len(keys), r.Body)
		}
		for i := 0; i < len(pairs); i += 2 {
			if key := pairs[i].(string); object[key] != pairs[i+1] {
				t.Errorf("%s is %v, want %v", key, object[key], pairs[i+1])
			}
		}
	}
}
