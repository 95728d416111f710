package store_test

import (
	"testing"
	"time"

	"minifb/shared/apperror"
)

// A statement's snapshot is older than what happened while it waited for its turn: it must go by the rows as they are
// then. Each of these holds the post's row, lets the statement come to wait for it, and commits what another process did.

var (
	holdPost = `SELECT FROM posts WHERE id = $1 FOR NO KEY UPDATE`
	// Bob, user.2, does each of these.
	bobPuts = []string{
		`INSERT INTO post_reactions (post_id, user_uid, type) SELECT $1, uid, 2 FROM users WHERE id = 'user.2'`,
		`UPDATE posts SET reaction_2 = reaction_2 + 1 WHERE id = $1`,
		`INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type)
			SELECT p.owner_uid, 2, u.uid, p.id, 2 FROM posts p, users u WHERE p.id = $1 AND u.id = 'user.2'`,
	}
	bobChanges = []string{
		`UPDATE post_reactions SET previous = type, type = 4, modified = true WHERE post_id = $1`,
		`UPDATE posts SET reaction_2 = reaction_2 - 1, reaction_4 = reaction_4 + 1 WHERE id = $1`,
		`UPDATE notifications SET reaction_type = 4 WHERE post_id = $1`,
	}
	bobCancels = []string{
		`DELETE FROM post_reactions WHERE post_id = $1`,
		`UPDATE posts SET reaction_2 = reaction_2 - 1 WHERE id = $1`,
		`DELETE FROM notifications WHERE post_id = $1`,
	}
	annDeletes = []string{`DELETE FROM posts WHERE id = $1`}
)

// meanwhile runs f, commits the statements once f waits, and answers what f does.
func (c *crowd) meanwhile(post int64, statements []string, f func() error) error {
	c.t.Helper()
	tx := c.begin()
	for _, statement := range append([]string{holdPost}, statements...) {
		if _, err := tx.Exec(statement, post); err != nil {
			c.t.Fatal(err)
		}
	}
	done := make(chan error)
	go func() { done <- f() }()
	c.wait(1)
	if err := tx.Commit(); err != nil {
		c.t.Fatal(err)
	}
	return <-done
}

func TestReactionsGoByTheRowsOfTheirTurn(t *testing.T) {
	t.Parallel()
	missing := apperror.NotFound
	for name, race := range map[string]struct {
		stands    bool // a reaction of Bob's to begin with
		meanwhile []string
		kind      int // Bob's wish; 0 cancels
		refused   apperror.Code
		created   bool
		modified  bool
		left      int // reactions
	}{
		"a put finds the reaction that came":            {false, bobPuts, 5, 0, false, true, 1},
		"a put finds the same that came":                {false, bobPuts, 2, 0, false, false, 1},
		"a put finds another type":                      {true, bobChanges, 1, 0, false, true, 1},
		"a put finds its type come":                     {true, bobChanges, 4, 0, false, true, 1},
		"a put finds the reaction gone":                 {true, bobCancels, 1, 0, true, false, 1},
		"a put finds the post gone":                     {true, annDeletes, 1, missing, false, false, 0},
		"a first put finds the post gone":               {false, annDeletes, 1, missing, false, false, 0},
		"a cancel follows the reaction to its new type": {true, bobChanges, 0, 0, false, false, 0},
		"a cancel finds the reaction gone":              {true, bobCancels, 0, missing, false, false, 0},
		"a cancel finds the post gone":                  {true, annDeletes, 0, missing, false, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := gather(t, 2)
			post, bob := c.post(c.users[0]), c.users[1]
			if race.stands {
				if _, _, err := c.store.PutPostReaction(t.Context(), bob, post, 2); err != nil {
					t.Fatal(err)
				}
			}
			var created, modified bool
			err := c.meanwhile(post, race.meanwhile, func() error {
				if race.kind == 0 {
					return c.store.CancelPostReaction(t.Context(), bob, post)
				}
				r, fresh, err := c.store.PutPostReaction(t.Context(), bob, post, race.kind)
				created, modified = fresh, r.Modified
				return err
			})
			f, _ := apperror.From(err)
			if (err == nil) != (race.refused == 0) || (f != nil && f.Code != race.refused) {
				t.Errorf("answered %v", err)
			}
			if created != race.created || modified != race.modified {
				t.Errorf("created %v, modified %v", created, modified)
			}
			if n := c.int(`SELECT count(*) FROM post_reactions`); n != race.left {
				t.Errorf("%d reactions are left", n)
			}
			c.settle()
		})
	}
}

func TestCommentsGoByTheRowsOfTheirTurn(t *testing.T) {
	t.Parallel()
	c := gather(t, 2)
	ctx, ann, bob := t.Context(), c.users[0], c.users[1]
	gone := func(err error) {
		t.Helper()
		if f, ok := apperror.From(err); !ok || f.Code != apperror.NotFound {
			t.Errorf("answered %v", err)
		}
	}
	post := c.post(ann)
	gone(c.meanwhile(post, annDeletes, func() error {
		_, err := c.store.AddCommentDirect(ctx, bob, post, "late")
		return err
	}))
	for _, late := range []func(comment int64) error{
		func(comment int64) error { return c.store.DeleteOwnComment(ctx, bob, comment, nil) },
		func(comment int64) error {
			_, err := c.store.EditOwnComment(ctx, bob, comment, nil, "late")
			return err
		},
		func(comment int64) error {
			_, _, err := c.store.PutCommentReaction(ctx, bob, comment, 1)
			return err
		},
		func(comment int64) error { return c.store.CancelCommentReaction(ctx, bob, comment) },
	} {
		for _, statements := range [][]string{
			annDeletes,
			{`DELETE FROM comments WHERE post_id = $1`, `UPDATE posts SET comment_count = 0 WHERE id = $1`},
		} {
			post = c.post(ann)
			comment := c.comment(bob, post)
			gone(c.meanwhile(post, statements, func() error { return late(comment) }))
		}
	}
	// Two edits, of which the later was sent with the first one's revision in mind.
	post = c.post(ann)
	comment := c.comment(bob, post)
	err := c.meanwhile(post, []string{`UPDATE comments SET content = 'first', revision = 2 WHERE post_id = $1`}, func() error {
		_, err := c.store.EditOwnComment(ctx, bob, comment, []int{1}, "second")
		return err
	})
	if f, ok := apperror.From(err); !ok || f.Code != apperror.PreconditionFailed {
		t.Errorf("answered %v", err)
	}
	c.settle()
}

// The owner's account may be deleted, and even swept, while a writer waits.
func TestWritersOutliveTheAccountsAroundThem(t *testing.T) {
	t.Parallel()
	c := gather(t, 3)
	ctx, ann, bob := t.Context(), c.users[0], c.users[1]
	post := c.post(ann)
	c.comment(bob, post)
	tx := c.begin()
	if _, err := tx.Exec(holdPost, post); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 3)
	go func() {
		_, err := c.store.AddCommentDirect(ctx, bob, post, "late")
		done <- err
	}()
	go func() {
		_, _, err := c.store.PutPostReaction(ctx, bob, post, 1)
		done <- err
	}()
	c.wait(2)
	if err := c.store.DeleteAccount(ctx, c.credential(ann)); err != nil {
		t.Fatal(err)
	}
	go func() { done <- c.process("").Sweep(ctx) }()
	time.Sleep(20 * time.Millisecond)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		allow(t, <-done, apperror.NotFound)
	}
	if err := c.store.Sweep(ctx); err != nil {
		t.Error(err)
	}
	c.nothing(0)
	c.settle()
}
