package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

// targets adds a post and a comment on it, to react to. The tests are the same for both.
func targets(s *areatest.Server, ann *areatest.Caller) map[string]string {
	post := s.Post(ann, "post")
	return map[string]string{"post": post, "comment": s.Comment(ann, post, "comment")}
}

func TestMalformedIDs(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	for _, kind := range []string{"/post/", "/comment/"} {
		for _, id := range []string{"0", "-1", "01", "x", "9223372036854775807", "9223372036854775808", "1%2F2"} {
			path := kind + id + "/reaction"
			s.Run(t, []areatest.Step{
				{Name: "put " + path, As: ann, Do: "PUT " + path, Body: `{"type":1}`, Want: 404},
				{Name: "cancel " + path, As: ann, Do: "DELETE " + path, Want: 404},
				{Name: "list " + path, Do: "GET " + path, Want: 404},
			})
		}
	}
}
