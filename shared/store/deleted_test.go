package store_test

import (
	"math"
	"testing"
	"time"

	"minifb/shared/apperror"
	"minifb/shared/store"
)

// An account that is deleted, and not yet swept, writes nothing and is seen by nobody.
func TestADeletedAccountIsGoneAtOnce(t *testing.T) {
	t.Parallel()
	c := gather(t, 3)
	ctx, ann, bob := t.Context(), c.users[0], c.users[1]
	post := c.post(ann)
	commented := c.comment(bob, post)
	bobs := c.post(bob)
	hanging := c.comment(ann, bobs)
	if _, _, err := c.store.PutPostReaction(ctx, bob, post, 1); err != nil {
		t.Fatal(err)
	}
	if err := c.store.DeleteAccount(ctx, c.credential(bob)); err != nil {
		t.Fatal(err)
	}
	refused := func(what string, code apperror.Code, err error) {
		t.Helper()
		if !is(err, code) {
			t.Errorf("%s: answered %v", what, err)
		}
	}
	_, err := c.store.AddCommentDirect(ctx, bob, post, "late")
	refused("comment", apperror.BadToken, err)
	_, err = c.store.AddCommentDirect(ctx, bob, math.MaxInt64, "late")
	refused("comment on nothing", apperror.BadToken, err)
	_, err = c.store.CreatePostDirect(ctx, bob, "late")
	refused("post", apperror.BadToken, err)
	for what, thing := range map[string]int64{"post": post, "nothing": math.MaxInt64} {
		_, _, err = c.store.PutPostReaction(ctx, bob, thing, 1)
		refused("reaction to "+what, apperror.BadToken, err)
		refused("cancelled reaction to "+what, apperror.BadToken, c.store.CancelPostReaction(ctx, bob, thing))
	}

	_, err = c.store.Comment(ctx, ann, commented)
	refused("its comment", apperror.NotFound, err)
	_, err = c.store.Comment(ctx, ann, hanging)
	refused("a comment on its post", apperror.NotFound, err)
	_, err = c.store.EditOwnComment(ctx, ann, hanging, nil, "late")
	refused("editing a comment on its post", apperror.NotFound, err)
	refused("deleting a comment on its post", apperror.NotFound, c.store.DeleteOwnComment(ctx, ann, hanging, nil))
	_, err = c.store.Comments(ctx, ann, bobs, store.Page{Size: 20})
	refused("the comments on its post", apperror.NotFound, err)
	_, err = c.store.PostReactions(ctx, bobs, store.Page{Size: 20})
	refused("the reactions to its post", apperror.NotFound, err)
	_, err = c.store.CommentReactions(ctx, hanging, store.Page{Size: 20})
	refused("the reactions to a comment on its post", apperror.NotFound, err)
	_, _, err = c.store.PutPostReaction(ctx, ann, bobs, 1)
	refused("a reaction to its post", apperror.NotFound, err)
	_, _, err = c.store.PutCommentReaction(ctx, ann, hanging, 1)
	refused("a reaction to a comment on its post", apperror.NotFound, err)
	_, _, err = c.store.PutCommentReaction(ctx, ann, commented, 1)
	refused("a reaction to its comment", apperror.NotFound, err)

	comments, err := c.store.Comments(ctx, ann, post, store.Page{Size: 20})
	if err != nil || len(comments.Items) != 0 {
		t.Errorf("%d comments, %v", len(comments.Items), err)
	}
	reactions, err := c.store.PostReactions(ctx, post, store.Page{Size: 20})
	if err != nil || len(reactions.Items) != 0 {
		t.Errorf("%d reactions, %v", len(reactions.Items), err)
	}
	told, err := c.store.Notifications(ctx, ann, false, store.Page{Size: 20})
	if err != nil || len(told.Items) != 0 {
		t.Errorf("%d notifications, %v", len(told.Items), err)
	}
	if n, err := c.store.UnreadCount(ctx, ann); n != 0 || err != nil {
		t.Errorf("%d are unread, %v", n, err)
	}
	if n, err := c.store.ReadUpTo(ctx, ann, math.MaxInt64); n != 0 || err != nil {
		t.Errorf("%d were newly read, %v", n, err)
	}
	for _, id := range c.column(`SELECT id FROM notifications`) {
		_, err := c.store.SetRead(ctx, ann, id, true)
		refused("its notification", apperror.NotFound, err)
	}
	if err := c.store.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	c.nothing(0)
	if n := c.int(`SELECT count(*) FROM users`); n != 2 {
		t.Errorf("%d users are left", n)
	}
	c.settle()
}

func TestDeletingAnAccountUnderItsOwnWrites(t *testing.T) {
	t.Parallel()
	c := gather(t, 4)
	second := c.process("")
	posts := []int64{c.post(c.users[0]), c.post(c.users[1])}
	comment := c.comment(c.users[0], posts[0])
	mine := []apperror.Code{apperror.NotFound, apperror.BadToken}
	for _, user := range c.users[2:4] {
		all(8, func(i int) {
			s, ctx := c.store, t.Context()
			if i%2 == 1 {
				s = second
			}
			if i == 7 {
				for c.int(`SELECT count(*) FROM comments WHERE owner_uid = $1`, user) == 0 {
					time.Sleep(time.Millisecond)
				}
				if err := s.DeleteAccount(ctx, c.credential(user)); err != nil {
					t.Error(err)
				}
				if err := s.Sweep(ctx); err != nil {
					t.Error(err)
				}
				return
			}
			for n := range 12 {
				post := posts[(i+n)%2]
				_, _, err := s.PutPostReaction(ctx, user, post, n%5+1)
				allow(t, err, mine...)
				_, _, err = s.PutCommentReaction(ctx, user, comment, n%5+1)
				allow(t, err, mine...)
				added, err := s.AddCommentDirect(ctx, user, post, "comment")
				allow(t, err, mine...)
				if err == nil && n%2 == 0 {
					allow(t, s.DeleteOwnComment(ctx, user, added.ID, nil), mine...)
				}
				_, err = s.CreatePostDirect(ctx, user, "post")
				allow(t, err, mine...)
				_, err = s.CreatePost(ctx, user, "post", onceOf("k", "b"), rendered)
				allow(t, err, mine...)
				// Others go on with what the user made.
				for _, theirs := range c.column(`SELECT id FROM posts WHERE owner_uid = $1 ORDER BY id DESC LIMIT 1`, user) {
					_, _, err := s.PutPostReaction(ctx, c.users[0], theirs, n%5+1)
					allow(t, err, apperror.NotFound)
					_, err = s.AddCommentDirect(ctx, c.users[1], theirs, "comment")
					allow(t, err, apperror.NotFound)
				}
			}
		})
	}
	if err := c.store.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	if n := c.int(`SELECT count(*) FROM users`); n != 2 {
		t.Errorf("%d accounts are left", n)
	}
	for _, table := range []string{"posts", "comments"} {
		if n := c.int(`SELECT count(*) FROM ` + table + ` WHERE owner_uid > 2`); n != 0 {
			t.Errorf("%d %s are left", n, table)
		}
	}
	c.settle()
}
