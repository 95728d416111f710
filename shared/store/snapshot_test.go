package store_test

import (
	"testing"
	"time"

	"minifb/shared/apperror"
)

// While a statement waits for a lock, its snapshot becomes older than the rows that it then
// changes. These tests hold a post's lock, let a statement wait for it, and commit what another
// process might have done.

// What user 2 does to the post $1, or its owner, user 1.
var (
	putReaction = []string{
		`INSERT INTO post_reactions (post_id, user_uid, type) SELECT $1, uid, 2 FROM users WHERE id = 'user.2'`,
		`UPDATE posts SET reaction_2 = reaction_2 + 1 WHERE id = $1`,
		`INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type)
			SELECT p.owner_uid, 2, u.uid, p.id, 2 FROM posts p, users u WHERE p.id = $1 AND u.id = 'user.2'`,
	}
	changeReaction = []string{
		`UPDATE post_reactions SET previous = type, type = 4, modified = true WHERE post_id = $1`,
		`UPDATE posts SET reaction_2 = reaction_2 - 1, reaction_4 = reaction_4 + 1 WHERE id = $1`,
		`UPDATE notifications SET reaction_type = 4 WHERE post_id = $1`,
	}
	cancelReaction = []string{
		`DELETE FROM post_reactions WHERE post_id = $1`,
		`UPDATE posts SET reaction_2 = reaction_2 - 1 WHERE id = $1`,
		`DELETE FROM notifications WHERE post_id = $1`,
	}
	deletePost = []string{`DELETE FROM posts WHERE id = $1`}
)

const lockPost = `SELECT FROM posts WHERE id = $1 FOR NO KEY UPDATE`

// whileWaiting locks the post, starts call, and commits the statements once call waits for the
// lock. It returns call's error.
func (f *fixture) whileWaiting(post int64, statements []string, call func() error) error {
	f.t.Helper()
	tx := f.begin()
	for _, statement := range append([]string{lockPost}, statements...) {
		if forCitus(f.t) && statement == deletePost[0] {
			statement = `SELECT delete_post($1)` // which counts
		}
		if _, err := tx.Exec(statement, post); err != nil {
			f.t.Fatal(err)
		}
	}
	done := make(chan error)
	go func() { done <- call() }()
	f.waitForLocks(1)
	if err := tx.Commit(); err != nil {
		f.t.Fatal(err)
	}
	return <-done
}

func TestReactionAfterACommitDuringItsWait(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		exists    bool     // the user's reaction, of type 2
		committed []string // while the statement waits
		kind      int      // to put; 0 cancels
		refused   apperror.Code
		created   bool
		modified  bool
		left      int // reactions
	}{
		"put, after a first reaction":             {false, putReaction, 5, 0, false, true, 1},
		"put, after a first reaction of the type": {false, putReaction, 2, 0, false, false, 1},
		"put, after a change to another type":     {true, changeReaction, 1, 0, false, true, 1},
		"put, after a change to the type":         {true, changeReaction, 4, 0, false, true, 1},
		"put, after a cancellation":               {true, cancelReaction, 1, 0, true, false, 1},
		"put, after the post's deletion":          {true, deletePost, 1, apperror.NotFound, false, false, 0},
		"first put, after the post's deletion":    {false, deletePost, 1, apperror.NotFound, false, false, 0},
		"cancellation, after a change of type":    {true, changeReaction, 0, 0, false, false, 0},
		"cancellation, after another":             {true, cancelReaction, 0, apperror.NotFound, false, false, 0},
		"cancellation, after the post's deletion": {true, deletePost, 0, apperror.NotFound, false, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, 2)
			post, user := f.post(f.users[0]), f.users[1]
			if test.exists {
				if _, _, err := f.store.PutPostReaction(t.Context(), user, post, 2); err != nil {
					t.Fatal(err)
				}
			}
			var created, modified bool
			err := f.whileWaiting(post, test.committed, func() error {
				if test.kind == 0 {
					return f.store.CancelPostReaction(t.Context(), user, post)
				}
				r, isNew, err := f.store.PutPostReaction(t.Context(), user, post, test.kind)
				created, modified = isNew, r.Modified
				return err
			})
			if test.refused == 0 && err != nil || test.refused != 0 && !is(err, test.refused) {
				t.Errorf("got the error %v, want the code %v", err, test.refused)
			}
			if created != test.created || modified != test.modified {
				t.Errorf("created %t, modified %t, want %t, %t", created, modified, test.created, test.modified)
			}
			if n := f.int(`SELECT count(*) FROM post_reactions`); n != test.left {
				t.Errorf("%d reactions are left, want %d", n, test.left)
			}
			f.checkInvariants()
		})
	}
}

func TestCommentAfterACommitDuringItsWait(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	ctx, owner, user := t.Context(), f.users[0], f.users[1]
	expectNotFound := func(err error) {
		t.Helper()
		if !is(err, apperror.NotFound) {
			t.Errorf("got %v, want NotFound", err)
		}
	}
	post := f.post(owner)
	expectNotFound(f.whileWaiting(post, deletePost, func() error {
		_, err := addComment(ctx, f.store, user, post, "late")
		return err
	}))
	for _, call := range []func(comment int64) error{
		func(comment int64) error { return f.store.DeleteOwnComment(ctx, user, comment, nil) },
		func(comment int64) error {
			_, err := f.store.EditOwnComment(ctx, user, comment, nil, "late")
			return err
		},
		func(comment int64) error {
			_, _, err := f.store.PutCommentReaction(ctx, user, comment, 1)
			return err
		},
		func(comment int64) error { return f.store.CancelCommentReaction(ctx, user, comment) },
	} {
		for _, statements := range [][]string{
			deletePost,
			{`DELETE FROM comments WHERE post_id = $1`, `UPDATE posts SET comment_count = 0 WHERE id = $1`},
		} {
			post = f.post(owner)
			comment := f.comment(user, post)
			expectNotFound(f.whileWaiting(post, statements, func() error { return call(comment) }))
		}
	}
	// Another edit changes the revision that this one expects.
	post = f.post(owner)
	comment := f.comment(user, post)
	edit := []string{`UPDATE comments SET content = 'first', revision = 2 WHERE post_id = $1`}
	err := f.whileWaiting(post, edit, func() error {
		_, err := f.store.EditOwnComment(ctx, user, comment, []int{1}, "second")
		return err
	})
	if !is(err, apperror.PreconditionFailed) {
		t.Errorf("got %v, want PreconditionFailed", err)
	}
	f.checkInvariants()
}

// The account of the post's owner is deleted, and perhaps swept, while writers wait.
func TestWritersDuringTheDeletionOfTheOwner(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 3)
	ctx, owner, user := t.Context(), f.users[0], f.users[1]
	post := f.post(owner)
	f.comment(user, post)
	tx := f.begin()
	if _, err := tx.Exec(lockPost, post); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 3)
	go func() {
		_, err := addComment(ctx, f.store, user, post, "late")
		done <- err
	}()
	go func() {
		_, _, err := f.store.PutPostReaction(ctx, user, post, 1)
		done <- err
	}()
	f.waitForLocks(2)
	if err := f.store.DeleteAccount(ctx, f.credential(owner)); err != nil {
		t.Fatal(err)
	}
	second := f.open("")
	go func() { done <- second.Sweep(ctx) }()
	time.Sleep(20 * time.Millisecond)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		allow(t, <-done, apperror.NotFound)
	}
	if err := f.store.Sweep(ctx); err != nil {
		t.Error(err)
	}
	f.checkNoRows(0)
	f.checkInvariants()
}
