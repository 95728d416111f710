package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestDelete(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	post := b.Post(ann, "post")
	comment, other := b.Comment(eve, post, "one"), b.Comment(eve, post, "other")
	b.React(ann, comment, 3)
	b.React(eve, comment, 3)
	b.React(eve, other, 2)
	b.React(eve, post, 2)
	match := func(tags string) map[string]string { return map[string]string{"If-Match": tags} }
	b.Run(t, []areatest.Step{
		{Name: "signed out", Do: "DELETE " + comment, Want: 401},
		{Name: "somebody else's, on one's own post", As: ann, Do: "DELETE " + comment, Want: 403, Hint: "You have not permission for 'DELETE " + comment + "'"},
		{Name: "a stale revision", As: eve, Do: "DELETE " + comment, Header: match(`"2"`), Want: 412},
		{Name: "the right revision", As: eve, Do: "DELETE " + comment, Header: match(`"1"`), Want: 204},
		{Name: "twice", As: eve, Do: "DELETE " + comment, Want: 404},
		{Name: "twice, by another", As: ann, Do: "DELETE " + comment, Want: 404},
		{Name: "twice, with its last revision", As: eve, Do: "DELETE " + comment, Header: match(`"1"`), Want: 404},
		{Name: "read", Do: "GET " + comment, Want: 404, Hint: "There is no such comment; it may have been deleted."},
		{Name: "edit", As: eve, Do: "PATCH " + comment, Body: writing("x"), Want: 404},
		{Name: "the other stands", Do: "GET " + other, Want: 200},
	})
	for what, query := range map[string]string{
		"comments":                   `SELECT count(*) FROM comments`,
		"counted comments":           `SELECT comment_count FROM posts`,
		"reactions to comments":      `SELECT count(*) FROM comment_reactions`,
		"reactions to the post":      `SELECT count(*) FROM post_reactions`,
		"notifications of comments":  `SELECT count(*) FROM notifications WHERE type = 1`,
		"notifications of reactions": `SELECT count(*) FROM notifications WHERE type = 2`,
	} {
		if n := b.Int(query); n != 1 {
			t.Errorf("%d %s are left", n, what)
		}
	}
	areatest.CheckInvariants(t, b.DB)

	// The post's deletion takes all the rest.
	if err := b.Store.DeleteOwnPost(t.Context(), ann.UID, int64(b.Int(`SELECT id FROM posts`)), nil); err != nil {
		t.Fatal(err)
	}
	b.Run(t, []areatest.Step{
		{Name: "read, its post gone", Do: "GET " + other, Want: 404},
		{Name: "list, its post gone", Do: "GET " + post + "/comment", Want: 404},
		{Name: "add, the post gone", As: eve, Do: "POST " + post + "/comment", Body: writing("x"), Want: 404},
		{Name: "edit, its post gone", As: eve, Do: "PATCH " + other, Body: writing("x"), Want: 404},
		{Name: "delete, its post gone", As: eve, Do: "DELETE " + other, Want: 404},
	})
	if n := b.Int(`SELECT (SELECT count(*) FROM comments) + (SELECT count(*) FROM comment_reactions) + (SELECT count(*) FROM post_reactions)
		+ (SELECT count(*) FROM notifications)`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}
