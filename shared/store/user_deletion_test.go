package store_test

import (
	"context"
	"math"
	"testing"
	"time"

	"minifb/shared/apperror"
	"minifb/shared/store"
)

// An account that is deleted, and not swept yet, cannot write, and nothing of it is visible.
func TestDeletedAccountIsInvisibleBeforeTheSweep(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 3)
	ctx, ann, bob := t.Context(), f.users[0], f.users[1]
	post := f.post(ann)
	commentOfBob := f.comment(bob, post)
	postOfBob := f.post(bob)
	commentOnBob := f.comment(ann, postOfBob)
	if _, _, err := f.store.PutPostReaction(ctx, bob, post, 1); err != nil {
		t.Fatal(err)
	}
	commentOfAnn := f.comment(ann, post)
	if _, _, err := f.store.PutCommentReaction(ctx, bob, commentOfAnn, 1); err != nil {
		t.Fatal(err)
	}
	if err := f.store.DeleteAccount(ctx, f.credential(bob)); err != nil {
		t.Fatal(err)
	}
	expect := func(what string, code apperror.Code, err error) {
		t.Helper()
		if !is(err, code) {
			t.Errorf("%s: got %v, want the code %v", what, err, code)
		}
	}
	_, err := addComment(ctx, f.store, bob, post, "late")
	expect("comment", apperror.BadToken, err)
	_, err = addComment(ctx, f.store, bob, math.MaxInt64, "late")
	expect("comment on a missing post", apperror.BadToken, err)
	_, err = createPost(ctx, f.store, bob, "late")
	expect("post", apperror.BadToken, err)
	for what, target := range map[string]int64{"a post": post, "a missing post": math.MaxInt64} {
		_, _, err = f.store.PutPostReaction(ctx, bob, target, 1)
		expect("reaction to "+what, apperror.BadToken, err)
		expect("cancelled reaction to "+what, apperror.BadToken, f.store.CancelPostReaction(ctx, bob, target))
	}

	_, err = f.store.Comment(ctx, ann, commentOfBob)
	expect("the account's comment", apperror.NotFound, err)
	_, err = f.store.Comment(ctx, ann, commentOnBob)
	expect("a comment on the account's post", apperror.NotFound, err)
	_, err = f.store.EditOwnComment(ctx, ann, commentOnBob, nil, "late")
	expect("editing a comment on the account's post", apperror.NotFound, err)
	err = f.store.DeleteOwnComment(ctx, ann, commentOnBob, nil)
	expect("deleting a comment on the account's post", apperror.NotFound, err)
	_, err = f.store.Comments(ctx, ann, postOfBob, store.Page{Size: 20})
	expect("the comments on the account's post", apperror.NotFound, err)
	_, err = f.store.PostReactions(ctx, postOfBob, store.Page{Size: 20})
	expect("the reactions to the account's post", apperror.NotFound, err)
	_, err = f.store.CommentReactions(ctx, commentOnBob, store.Page{Size: 20})
	expect("the reactions to a comment on the account's post", apperror.NotFound, err)
	_, _, err = f.store.PutPostReaction(ctx, ann, postOfBob, 1)
	expect("a reaction to the account's post", apperror.NotFound, err)
	_, _, err = f.store.PutCommentReaction(ctx, ann, commentOnBob, 1)
	expect("a reaction to a comment on the account's post", apperror.NotFound, err)
	_, _, err = f.store.PutCommentReaction(ctx, ann, commentOfBob, 1)
	expect("a reaction to the account's comment", apperror.NotFound, err)

	comments, err := f.store.Comments(ctx, ann, post, store.Page{Size: 20})
	if err != nil || len(comments.Items) != 1 {
		t.Errorf("%d comments, %v, want 1", len(comments.Items), err)
	}
	reactions, err := f.store.CommentReactions(ctx, commentOfAnn, store.Page{Size: 20})
	if err != nil || len(reactions.Items) != 0 {
		t.Errorf("%d reactions to a comment, %v, want 0", len(reactions.Items), err)
	}
	reactions, err = f.store.PostReactions(ctx, post, store.Page{Size: 20})
	if err != nil || len(reactions.Items) != 0 {
		t.Errorf("%d reactions, %v, want 0", len(reactions.Items), err)
	}
	notifications, err := f.store.Notifications(ctx, ann, false, store.Page{Size: 20})
	if err != nil || len(notifications.Items) != 0 {
		t.Errorf("%d notifications, %v, want 0", len(notifications.Items), err)
	}
	if n, err := f.store.UnreadCount(ctx, ann); n != 0 || err != nil {
		t.Errorf("%d notifications are unread, %v, want 0", n, err)
	}
	if n, err := f.store.ReadUpTo(ctx, ann, math.MaxInt64); n != 0 || err != nil {
		t.Errorf("%d notifications were marked read, %v, want 0", n, err)
	}
	for _, id := range f.column(`SELECT id FROM notifications`) {
		_, err := f.store.SetRead(ctx, ann, id, true)
		expect("the account's notification", apperror.NotFound, err)
	}
	if err := f.store.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if err := f.store.DeleteOwnComment(ctx, ann, commentOfAnn, nil); err != nil {
		t.Error(err)
	}
	f.checkNoRows(0)
	if n := f.int(`SELECT count(*) FROM users`); n != 2 {
		t.Errorf("%d users are left, want 2", n)
	}
	f.checkInvariants()
}

func TestDeletingAnAccountDuringItsOwnWrites(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 4)
	second := f.openPooled()
	posts := []int64{f.post(f.users[0]), f.post(f.users[1])}
	comment := f.comment(f.users[0], posts[0])
	allowed := []apperror.Code{apperror.NotFound, apperror.BadToken}
	for _, user := range f.users[2:4] {
		concurrently(8, func(i int) {
			s, ctx := f.store, t.Context()
			if i%2 == 1 {
				s = second
			}
			if i == 7 {
				for f.int(`SELECT count(*) FROM comments WHERE owner_uid = $1`, user) == 0 {
					time.Sleep(time.Millisecond)
				}
				if err := s.DeleteAccount(ctx, f.credential(user)); err != nil {
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
				allow(t, err, allowed...)
				_, _, err = s.PutCommentReaction(ctx, user, comment, n%5+1)
				allow(t, err, allowed...)
				added, err := addComment(ctx, s, user, post, "comment")
				allow(t, err, allowed...)
				if err == nil && n%2 == 0 {
					allow(t, s.DeleteOwnComment(ctx, user, added.ID, nil), allowed...)
				}
				_, err = createPost(ctx, s, user, "post")
				allow(t, err, allowed...)
				_, err = s.CreatePost(ctx, newPost(user, "post"), idempotencyKey("k", "b"), encodePost)
				allow(t, err, allowed...)
				// Others write to the user's newest post.
				newest := `SELECT id FROM posts WHERE owner_uid = $1 ORDER BY id DESC LIMIT 1`
				for _, post := range f.column(newest, user) {
					_, _, err := s.PutPostReaction(ctx, f.users[0], post, n%5+1)
					allow(t, err, apperror.NotFound)
					_, err = addComment(ctx, s, f.users[1], post, "comment")
					allow(t, err, apperror.NotFound)
				}
			}
		})
	}
	if err := f.store.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	if n := f.int(`SELECT count(*) FROM users`); n != 2 {
		t.Errorf("%d accounts are left, want 2", n)
	}
	for _, table := range []string{"posts", "comments"} {
		if n := f.int(`SELECT count(*) FROM ` + table + ` WHERE owner_uid > 2`); n != 0 {
			t.Errorf("%d %s of deleted accounts are left", n, table)
		}
	}
	f.checkInvariants()
}

func TestConcurrentDeletionsOfAnAccount(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	errs := make(chan error, 8)
	concurrently(cap(errs), func(int) { errs <- f.store.DeleteAccount(context.Background(), f.credential(f.users[0])) })
	close(errs)
	deleted := 0
	for err := range errs {
		allow(t, err, apperror.Forbidden)
		if err == nil {
			deleted++
		}
	}
	if deleted != 1 {
		t.Errorf("%d deletions succeeded, want 1", deleted)
	}
}
