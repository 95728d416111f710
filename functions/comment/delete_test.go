package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestDelete(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	post := s.Post(ann, "post")
	comment, other := s.Comment(eve, post, "one"), s.Comment(eve, post, "other")
	s.React(ann, comment, 3)
	s.React(eve, comment, 3)
	s.React(eve, other, 2)
	s.React(eve, post, 2)
	match := func(tags string) map[string]string { return map[string]string{"If-Match": tags} }
	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "DELETE " + comment, Want: 401},
		{
			Name: "another user's, on one's own post", As: ann, Do: "DELETE " + comment, Want: 403,
			Hint: "You have not permission for 'DELETE " + comment + "'",
		},
		{Name: "another revision", As: eve, Do: "DELETE " + comment, Header: match(`"2"`), Want: 412},
		{Name: "the right revision", As: eve, Do: "DELETE " + comment, Header: match(`"1"`), Want: 204},
		{Name: "twice", As: eve, Do: "DELETE " + comment, Want: 404},
		{Name: "twice, by another", As: ann, Do: "DELETE " + comment, Want: 404},
		{Name: "twice, with its last revision", As: eve, Do: "DELETE " + comment, Header: match(`"1"`), Want: 404},
		{Name: "get", Do: "GET " + comment, Want: 404, Hint: "There is no such comment; it may have been deleted."},
		{Name: "edit", As: eve, Do: "PATCH " + comment, Body: writing("x"), Want: 404},
		{Name: "the other still exists", Do: "GET " + other, Want: 200},
	})
	for what, query := range map[string]string{
		"comments":                   `SELECT count(*) FROM comments`,
		"counted comments":           `SELECT comment_count FROM posts`,
		"reactions to comments":      `SELECT count(*) FROM comment_reactions`,
		"reactions to the post":      `SELECT count(*) FROM post_reactions`,
		"notifications of comments":  `SELECT count(*) FROM notifications WHERE type = 1`,
		"notifications of reactions": `SELECT count(*) FROM notifications WHERE type = 2`,
	} {
		if n := s.Int(query); n != 1 {
			t.Errorf("%d %s are left", n, what)
		}
	}
	areatest.CheckInvariants(t, s.DB)

	// Deleting the post deletes its comments, too.
	if err := s.Store.DeleteOwnPost(t.Context(), ann.UID, int64(s.Int(`SELECT id FROM posts`)), nil); err != nil {
		t.Fatal(err)
	}
	s.Run(t, []areatest.Step{
		{Name: "get, its post deleted", Do: "GET " + other, Want: 404},
		{Name: "list, its post deleted", Do: "GET " + post + "/comment", Want: 404},
		{Name: "add, the post deleted", As: eve, Do: "POST " + post + "/comment", Body: writing("x"), Want: 404},
		{Name: "edit, its post deleted", As: eve, Do: "PATCH " + other, Body: writing("x"), Want: 404},
		{Name: "delete, its post deleted", As: eve, Do: "DELETE " + other, Want: 404},
	})
	if n := s.Int(`SELECT (SELECT count(*) FROM comments) + (SELECT count(*) FROM comment_reactions)
		+ (SELECT count(*) FROM post_reactions)
		+ (SELECT count(*) FROM notifications)`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}
