package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

// things makes a post of ann's and a comment on it, to react to: all that is true of one is true of the other.
func things(b *areatest.Server, ann *areatest.Caller) map[string]string {
	post := b.Post(ann, "post")
	return map[string]string{"post": post, "comment": b.Comment(ann, post, "comment")}
}

func TestIDsOfNothing(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	for _, kind := range []string{"/post/", "/comment/"} {
		for _, id := range []string{"0", "-1", "01", "x", "9223372036854775807", "9223372036854775808", "1%2F2"} {
			path := kind + id + "/reaction"
			b.Run(t, []areatest.Step{
				{Name: "put " + path, As: ann, Do: "PUT " + path, Body: `{"type":1}`, Want: 404},
				{Name: "cancel " + path, As: ann, Do: "DELETE " + path, Want: 404},
				{Name: "list " + path, Do: "GET " + path, Want: 404},
			})
		}
	}
}
