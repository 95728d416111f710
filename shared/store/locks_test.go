package store_test

import (
	"context"
	"testing"

	"minifb/shared/apperror"
	"minifb/shared/store"
)

// Whatever a user writes while the account is being deleted waits for the deletion, and then stores
// nothing.
func TestWritersDuringTheDeletionOfTheirAccount(t *testing.T) {
	t.Parallel()
	type target struct{ user, post, comment int64 }
	for name, write := range map[string]func(context.Context, *fixture, target) error{
		"a post": func(ctx context.Context, f *fixture, on target) error {
			_, err := createPost(ctx, f.store, on.user, "late")
			return err
		},
		"a post with a key": func(ctx context.Context, f *fixture, on target) error {
			_, err := f.store.CreatePost(ctx, newPost(on.user, "late"), idempotencyKey("k", "b"), encodePost)
			return err
		},
		"a comment": func(ctx context.Context, f *fixture, on target) error {
			_, err := addComment(ctx, f.store, on.user, on.post, "late")
			return err
		},
		"a reaction to a post": func(ctx context.Context, f *fixture, on target) error {
			_, _, err := f.store.PutPostReaction(ctx, on.user, on.post, 1)
			return err
		},
		"a reaction to a comment": func(ctx context.Context, f *fixture, on target) error {
			_, _, err := f.store.PutCommentReaction(ctx, on.user, on.comment, 1)
			return err
		},
		"a session": func(ctx context.Context, f *fixture, on target) error {
			_, _, err := f.store.OpenSession(ctx, f.credential(on.user), "late")
			return err
		},
		"a temporary password": func(ctx context.Context, f *fixture, on target) error {
			_, _, err := f.store.IssueTemporaryPassword(ctx, on.user)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, 2)
			on := target{user: f.users[1], post: f.post(f.users[0])}
			on.comment = f.comment(f.users[0], on.post)
			tx := f.begin()
			for _, statement := range []string{ // as in DeleteAccount
				`SELECT FROM users WHERE uid = $1 FOR UPDATE`, `UPDATE users SET deleted_at = now() WHERE uid = $1`,
			} {
				if _, err := tx.Exec(statement, on.user); err != nil {
					t.Fatal(err)
				}
			}
			done := make(chan error, 1)
			go func() { done <- write(t.Context(), f, on) }()
			f.waitForLocks(1)
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			err := <-done
			if !is(err, apperror.BadToken) && !is(err, apperror.NotFound) && !is(err, apperror.Unauthorized) {
				t.Errorf("got %v, want that there is no such account", err)
			}
			if n := f.rowsOf(on.user) - 1 + f.int(`SELECT (SELECT count(*) FROM sessions)
				+ (SELECT count(*) FROM temporary_passwords) + (SELECT count(*) FROM idempotency_keys)`); n != 0 {
				t.Errorf("%d rows were stored for a deleted account", n)
			}
			f.checkInvariants()
		})
	}
}

// A deletion of an account waits for what its user is writing.
func TestDeletionOfAnAccountWaitsForItsWriters(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	writing, written := make(chan struct{}), make(chan struct{})
	go func() {
		_, err := f.store.CreatePost(t.Context(), newPost(f.users[0], "hi"), idempotencyKey("k", "b"),
			func(p store.Post) ([]byte, error) {
				writing <- struct{}{}
				<-written
				return encodePost(p)
			})
		allow(t, err)
		close(writing)
	}()
	<-writing
	done := make(chan error, 1)
	go func() { done <- f.store.DeleteAccount(t.Context(), f.credential(f.users[0])) }()
	f.waitForLocks(1)
	close(written)
	<-writing
	if err := <-done; err != nil {
		t.Error(err)
	}
	f.checkInvariants()
}

// A sweep locks the posts of the comments whose reactions it deletes, before the comments: as the deletion
// of a post does, which would otherwise deadlock with it.
func TestSweepOfReactionsToCommentsLocksThePosts(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	post := f.post(f.users[0])
	comment := f.comment(f.users[0], post)
	if _, _, err := f.store.PutCommentReaction(t.Context(), f.users[1], comment, 3); err != nil {
		t.Fatal(err)
	}
	if err := f.store.DeleteAccount(t.Context(), f.credential(f.users[1])); err != nil {
		t.Fatal(err)
	}
	deleting := f.begin()
	if _, err := deleting.Exec(`SELECT FROM posts WHERE id = $1 FOR UPDATE`, post); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- f.store.Sweep(t.Context()) }()
	f.waitForLocks(1)
	// The comment is not locked, so the deletion of the post gets to it.
	const lock = `SELECT FROM comments WHERE post_id = $1 AND id = $2 FOR UPDATE NOWAIT`
	if _, err := deleting.Exec(lock, post, comment); err != nil {
		t.Errorf("the sweep waits for the post and holds its comment: %v", err)
	}
	if err := deleting.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	f.checkInvariants()
}

// A sweep counts down from a post's counter as others have left it.
func TestSweepOfCommentsBesideANewComment(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	post := f.post(f.users[0])
	f.comment(f.users[1], post)
	if err := f.store.DeleteAccount(t.Context(), f.credential(f.users[1])); err != nil {
		t.Fatal(err)
	}
	adding := f.begin()
	for _, statement := range []string{
		`UPDATE posts SET comment_count = comment_count + 1 WHERE id = $1`,
		`INSERT INTO comments (post_id, owner_uid, content) SELECT id, owner_uid, 'hi' FROM posts WHERE id = $1`,
	} {
		if _, err := adding.Exec(statement, post); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan error, 1)
	go func() { done <- f.store.Sweep(t.Context()) }()
	f.waitForLocks(1)
	if err := adding.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	f.checkInvariants()
}

// Notifications are marked read without waiting for one while others are held: two requests would
// otherwise deadlock. One that another request has marked meanwhile does not count.
func TestMarkingReadHoldsNothingWhileItWaits(t *testing.T) {
	t.Parallel()
	for statement, want := range map[string]int{
		`SELECT FROM notifications WHERE post_id = $1 AND id = $2 FOR UPDATE`: 2,
		`UPDATE notifications SET read = true WHERE post_id = $1 AND id = $2`: 1,
	} {
		f := newFixture(t, 2)
		post := f.post(f.users[0])
		f.comment(f.users[1], post)
		f.comment(f.users[1], post)
		ids := f.column(`SELECT id FROM notifications ORDER BY id`)
		other := f.begin()
		if _, err := other.Exec(statement, post, ids[1]); err != nil {
			t.Fatal(err)
		}
		type result struct {
			n   int
			err error
		}
		done := make(chan result, 1)
		go func() {
			n, err := f.store.ReadUpTo(t.Context(), f.users[0], ids[1])
			done <- result{n, err}
		}()
		f.waitForLocks(1)
		if n := f.int(`SELECT count(*) FROM notifications WHERE read`); n != 1 {
			t.Errorf("%s: %d notifications are marked read while the other one is locked, want 1", statement, n)
		}
		if err := other.Commit(); err != nil {
			t.Fatal(err)
		}
		if r := <-done; r.n != want || r.err != nil {
			t.Errorf("%s: %d notifications were marked read, %v, want %d", statement, r.n, r.err, want)
		}
	}
}
