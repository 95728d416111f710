package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"minifb/shared/apperror"
)

// mostRows is how many rows may go in one transaction of a sweep: those that are counted, and a notification for each.
const mostRows = 2 * 200

// history gives user 0 `posts` posts and user 1 a tenth of them, and lets each of them and the next few comment on and react
// to what the other made. One post and two comments have more reactions than may go at once: as many as there are users.
func (c *crowd) history(posts int) {
	ann, bob := c.users[0], c.users[1]
	c.exec(`INSERT INTO posts (owner_uid, content) SELECT $1, 'ann''s' FROM generate_series(1, $2)`, ann, posts)
	c.exec(`INSERT INTO posts (owner_uid, content) SELECT $1, 'bob''s' FROM generate_series(1, $2)`, bob, posts/10)
	// Users 0 to 4 comment on every fourth post, and react to every third.
	c.exec(`INSERT INTO comments (post_id, owner_uid, content) SELECT p.id, u.uid, 'comment' FROM posts p, users u WHERE p.id % 4 = 0 AND u.uid <= $1`, c.users[4])
	c.exec(`INSERT INTO post_reactions (post_id, user_uid, type) SELECT p.id, u.uid, 1 + u.uid % 5 FROM posts p, users u WHERE p.id % 3 = 0 AND u.uid <= $1`, c.users[4])
	c.exec(`INSERT INTO comment_reactions (post_id, comment_id, user_uid, type)
		SELECT c.post_id, c.id, u.uid, 1 + u.uid % 5 FROM comments c, users u WHERE c.id % 2 = 0 AND u.uid <= $1`, c.users[4])
	c.exec(`INSERT INTO post_reactions (post_id, user_uid, type)
		SELECT (SELECT max(id) FROM posts WHERE owner_uid = $1), uid, 1 + uid % 5 FROM users ON CONFLICT DO NOTHING`, ann)
	for _, owner := range []int64{ann, bob} { // ann's comment on a post of bob's, and bob's on one of ann's
		c.exec(`INSERT INTO comment_reactions (post_id, comment_id, user_uid, type)
			SELECT c.post_id, c.id, u.uid, 1 + u.uid % 5 FROM users u, (
				SELECT c.post_id, c.id FROM comments c JOIN posts p ON p.id = c.post_id
				WHERE c.owner_uid = $1 AND p.owner_uid <> $1 ORDER BY c.id DESC LIMIT 1) c
			ON CONFLICT DO NOTHING`, owner)
	}
	c.exec(`INSERT INTO notifications (user_uid, type, actor_uid, post_id, comment_id)
		SELECT p.owner_uid, 1, c.owner_uid, p.id, c.id FROM comments c JOIN posts p ON p.id = c.post_id WHERE c.owner_uid <> p.owner_uid`)
	c.exec(`INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type)
		SELECT p.owner_uid, 2, r.user_uid, p.id, r.type FROM post_reactions r JOIN posts p ON p.id = r.post_id WHERE r.user_uid <> p.owner_uid`)
	const tally = `reaction_1 = n1, reaction_2 = n2, reaction_3 = n3, reaction_4 = n4, reaction_5 = n5`
	const counts = `count(*) FILTER (WHERE type = 1) AS n1, count(*) FILTER (WHERE type = 2) AS n2, count(*) FILTER (WHERE type = 3) AS n3,
		count(*) FILTER (WHERE type = 4) AS n4, count(*) FILTER (WHERE type = 5) AS n5`
	c.exec(`UPDATE posts SET ` + tally + ` FROM (SELECT post_id, ` + counts + ` FROM post_reactions GROUP BY 1) r WHERE id = post_id`)
	c.exec(`UPDATE comments SET ` + tally + ` FROM (SELECT comment_id, ` + counts + ` FROM comment_reactions GROUP BY 1) r WHERE id = comment_id`)
	c.exec(`UPDATE posts SET comment_count = n FROM (SELECT post_id, count(*) AS n FROM comments GROUP BY 1) c WHERE id = post_id`)
	c.exec(`ANALYZE`)
}

// watch makes PostgreSQL note how many rows each transaction deletes.
func (c *crowd) watch() {
	c.exec(`CREATE TABLE deletions (xid bigint, rows bigint)`)
	c.exec(`CREATE FUNCTION note_deletions() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN INSERT INTO deletions SELECT txid_current(), count(*) FROM gone; RETURN NULL; END $$`)
	for _, table := range []string{"posts", "comments", "post_reactions", "comment_reactions", "notifications"} {
		c.exec(`CREATE TRIGGER watch AFTER DELETE ON ` + table + ` REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_deletions()`)
	}
}

// left counts the rows that a user has part in.
func (c *crowd) left(user int64) int {
	return c.int(`SELECT (SELECT count(*) FROM users WHERE uid = $1) + (SELECT count(*) FROM posts WHERE owner_uid = $1)
		+ (SELECT count(*) FROM comments WHERE owner_uid = $1) + (SELECT count(*) FROM post_reactions WHERE user_uid = $1)
		+ (SELECT count(*) FROM comment_reactions WHERE user_uid = $1) + (SELECT count(*) FROM notifications WHERE $1 IN (user_uid, actor_uid))`, user)
}

func TestSweepGoesInSmallSteps(t *testing.T) {
	t.Parallel()
	c := gather(t, 1200)
	c.history(2000)
	c.watch()
	ann, bob := c.users[0], c.users[1]
	bobs := c.int(`SELECT count(*) FROM posts WHERE owner_uid = $1`, bob) + c.int(`SELECT count(*) FROM comments c JOIN posts p ON p.id = c.post_id WHERE p.owner_uid = $1 AND c.owner_uid <> $2`, bob, ann)
	if err := c.store.DeleteAccount(t.Context(), c.credential(ann)); err != nil {
		t.Fatal(err)
	}
	if err := c.store.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := c.left(ann); n != 0 {
		t.Errorf("%d rows of the account are left", n)
	}
	if now := c.int(`SELECT count(*) FROM posts WHERE owner_uid = $1`, bob) + c.int(`SELECT count(*) FROM comments`); now != bobs {
		t.Errorf("of others' %d posts and comments %d are left", bobs, now)
	}
	if most := c.int(`SELECT max(n) FROM (SELECT sum(rows)::bigint AS n FROM deletions GROUP BY xid) d`); most > mostRows {
		t.Errorf("one transaction deleted %d rows", most)
	}
	c.settle()
}

// A sweep that ends in the middle leaves every counter right, and others finish it, together and among those who write.
func TestSweepIsTakenUp(t *testing.T) {
	t.Parallel()
	c := gather(t, 600)
	c.history(300)
	ann, bob := c.users[0], c.users[1]
	for _, user := range []int64{ann, c.users[2], c.users[3]} {
		if err := c.store.DeleteAccount(t.Context(), c.credential(user)); err != nil {
			t.Fatal(err)
		}
	}
	tx := c.begin()
	if _, err := tx.Exec(`SELECT FROM posts WHERE owner_uid = $1 FOR UPDATE`, bob); err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := c.store.Sweep(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the sweep was not held up: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	bobs := c.column(`SELECT id FROM posts WHERE owner_uid = $1`, bob)
	processes := []int{0, 1, 2}
	for range processes {
		c.process("")
	}
	all(6, func(i int) {
		if i < len(processes) {
			if err := c.stores[1+i].Sweep(t.Context()); err != nil {
				t.Error(err)
			}
			return
		}
		for n, post := range bobs {
			_, _, err := c.store.PutPostReaction(t.Context(), c.users[4], post, 1+(n+i)%5)
			allow(t, err)
			_, err = c.store.AddCommentDirect(t.Context(), c.users[5], post, "meanwhile")
			allow(t, err)
		}
	})
	for _, user := range []int64{ann, c.users[2], c.users[3]} {
		if n := c.left(user); n != 0 {
			t.Errorf("%d rows of account %d are left", n, user)
		}
	}
	c.settle()
}

func TestDeleteAccountTwice(t *testing.T) {
	t.Parallel()
	c := gather(t, 1)
	statuses := make(chan error, 8)
	all(cap(statuses), func(int) { statuses <- c.store.DeleteAccount(context.Background(), c.credential(c.users[0])) })
	close(statuses)
	deleted := 0
	for err := range statuses {
		allow(t, err, apperror.Forbidden)
		if err == nil {
			deleted++
		}
	}
	if deleted != 1 {
		t.Errorf("the account was deleted %d times", deleted)
	}
}

// BenchmarkSweep deletes an account of 20,000 posts. Beside the time it reports how long others, who lock posts
// that the account had part in as a writer does, waited at most (wait-ms).
func BenchmarkSweep(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		c := gather(b, 1200)
		c.history(20_000)
		bobs := c.column(`SELECT id FROM posts WHERE owner_uid = $1 AND id % 12 = 0`, c.users[1])
		if err := c.store.DeleteAccount(b.Context(), c.credential(c.users[0])); err != nil {
			b.Fatal(err)
		}
		done := make(chan error)
		b.StartTimer()
		go func() { done <- c.store.Sweep(b.Context()) }()
		var longest time.Duration
		for n := 0; ; n++ {
			select {
			case err := <-done:
				b.StopTimer()
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(longest.Microseconds())/1000, "wait-ms")
				b.StartTimer()
			default:
				start := time.Now()
				c.exec(`SELECT FROM posts WHERE id = $1 FOR NO KEY UPDATE`, bobs[n%len(bobs)]) // an UPDATE a millisecond would bloat the table
				longest = max(longest, time.Since(start))
				time.Sleep(time.Millisecond)
				continue
			}
			break
		}
	}
}
