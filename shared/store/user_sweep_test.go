package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"minifb/shared/store"
	"minifb/shared/testkit/pgproxy"
)

// maxSweptRows is how many rows one transaction of a sweep may delete: a batch, and a notification
// for each of its rows.
const maxSweptRows = 2 * 200

// createHistory creates this many posts of user 0 and a tenth of them of user 1. The first five
// users comment on and react to these posts and comments. One post and two comments get a reaction
// from every user, which is more than one batch.
func (f *fixture) createHistory(posts int) {
	first, second, fifth := f.users[0], f.users[1], f.users[4]
	const insertPosts = `INSERT INTO posts (owner_uid, content) SELECT $1, 'post' FROM generate_series(1, $2)`
	f.exec(insertPosts, first, posts)
	f.exec(insertPosts, second, posts/10)
	f.exec(`INSERT INTO comments (post_id, owner_uid, content)
		SELECT p.id, u.uid, 'comment' FROM posts p, users u WHERE p.id % 4 = 0 AND u.uid <= $1`, fifth)
	f.exec(`INSERT INTO post_reactions (post_id, user_uid, type)
		SELECT p.id, u.uid, 1 + u.uid % 5 FROM posts p, users u WHERE p.id % 3 = 0 AND u.uid <= $1`, fifth)
	f.exec(`INSERT INTO comment_reactions (post_id, comment_id, user_uid, type)
		SELECT c.post_id, c.id, u.uid, 1 + u.uid % 5
		FROM comments c, users u WHERE c.id % 2 = 0 AND u.uid <= $1`, fifth)
	f.exec(`INSERT INTO post_reactions (post_id, user_uid, type)
		SELECT (SELECT max(id) FROM posts WHERE owner_uid = $1), uid, 1 + uid % 5
		FROM users ON CONFLICT DO NOTHING`, first)
	for _, owner := range []int64{first, second} { // a comment of each on a post of the other
		f.exec(`INSERT INTO comment_reactions (post_id, comment_id, user_uid, type)
			SELECT c.post_id, c.id, u.uid, 1 + u.uid % 5 FROM users u, (
				SELECT c.post_id, c.id FROM comments c JOIN posts p ON p.id = c.post_id
				WHERE c.owner_uid = $1 AND p.owner_uid <> $1 ORDER BY c.id DESC LIMIT 1) c
			ON CONFLICT DO NOTHING`, owner)
	}
	f.exec(`INSERT INTO notifications (user_uid, type, actor_uid, post_id, comment_id)
		SELECT p.owner_uid, 1, c.owner_uid, p.id, c.id
		FROM comments c JOIN posts p ON p.id = c.post_id WHERE c.owner_uid <> p.owner_uid`)
	f.exec(`INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type)
		SELECT p.owner_uid, 2, r.user_uid, p.id, r.type
		FROM post_reactions r JOIN posts p ON p.id = r.post_id WHERE r.user_uid <> p.owner_uid`)
	const tally = `reaction_1 = n1, reaction_2 = n2, reaction_3 = n3, reaction_4 = n4, reaction_5 = n5`
	const counts = `
		count(*) FILTER (WHERE type = 1) AS n1, count(*) FILTER (WHERE type = 2) AS n2,
		count(*) FILTER (WHERE type = 3) AS n3, count(*) FILTER (WHERE type = 4) AS n4,
		count(*) FILTER (WHERE type = 5) AS n5`
	f.exec(`UPDATE posts SET ` + tally + `
		FROM (SELECT post_id, ` + counts + ` FROM post_reactions GROUP BY 1) r WHERE id = post_id`)
	f.exec(`UPDATE comments SET ` + tally + `
		FROM (SELECT comment_id, ` + counts + ` FROM comment_reactions GROUP BY 1) r WHERE id = comment_id`)
	f.exec(`UPDATE posts SET comment_count = n
		FROM (SELECT post_id, count(*) AS n FROM comments GROUP BY 1) c WHERE id = post_id`)
	f.exec(`ANALYZE`)
}

// recordDeletions creates triggers that record how many rows each transaction deletes, in the table
// deletions.
func (f *fixture) recordDeletions() {
	f.exec(`CREATE TABLE deletions (xid bigint, rows bigint)`)
	f.exec(`CREATE FUNCTION record_deletions() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN INSERT INTO deletions SELECT txid_current(), count(*) FROM deleted; RETURN NULL; END $$`)
	for _, table := range []string{"posts", "comments", "post_reactions", "comment_reactions", "notifications"} {
		f.exec(`CREATE TRIGGER record AFTER DELETE ON ` + table + `
			REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION record_deletions()`)
	}
}

// rowsOf returns how many rows refer to the user, the user's own included.
func (f *fixture) rowsOf(user int64) int {
	return f.int(`SELECT (SELECT count(*) FROM users WHERE uid = $1)
		+ (SELECT count(*) FROM posts WHERE owner_uid = $1)
		+ (SELECT count(*) FROM comments WHERE owner_uid = $1)
		+ (SELECT count(*) FROM post_reactions WHERE user_uid = $1)
		+ (SELECT count(*) FROM comment_reactions WHERE user_uid = $1)
		+ (SELECT count(*) FROM notifications WHERE $1 IN (user_uid, actor_uid))`, user)
}

func TestSweepDeletesInSmallTransactions(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1200)
	f.createHistory(2000)
	f.recordDeletions()
	first, second := f.users[0], f.users[1]
	const postsOf = `SELECT count(*) FROM posts WHERE owner_uid = $1`
	keep := f.int(postsOf, second) + f.int(`
		SELECT count(*) FROM comments c JOIN posts p ON p.id = c.post_id
		WHERE p.owner_uid = $1 AND c.owner_uid <> $2`, second, first)
	if err := f.store.DeleteAccount(t.Context(), f.credential(first)); err != nil {
		t.Fatal(err)
	}
	if err := f.store.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := f.rowsOf(first); n != 0 {
		t.Errorf("%d rows of the account are left", n)
	}
	if kept := f.int(postsOf, second) + f.int(`SELECT count(*) FROM comments`); kept != keep {
		t.Errorf("%d posts and comments of others are left, want %d", kept, keep)
	}
	const largest = `SELECT max(n) FROM (SELECT sum(rows)::bigint AS n FROM deletions GROUP BY xid) d`
	if rows := f.int(largest); rows > maxSweptRows {
		t.Errorf("one transaction deleted %d rows, want at most %d", rows, maxSweptRows)
	}
	f.checkInvariants()
}

// An account may have several comments on one post, and several reactions to one user's comments.
func TestSweepOfSeveralRowsOnOnePost(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	keeps, leaves := f.users[0], f.users[1]
	post := f.post(keeps)
	for range 3 {
		kept := f.comment(keeps, post)
		f.comment(leaves, post)
		if _, _, err := f.store.PutCommentReaction(t.Context(), leaves, kept, 2); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.store.DeleteAccount(t.Context(), f.credential(leaves)); err != nil {
		t.Fatal(err)
	}
	if err := f.store.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := f.int(`SELECT comment_count FROM posts`); n != 3 {
		t.Errorf("the post counts %d comments, want 3", n)
	}
	if n := f.int(`SELECT sum(reaction_2) FROM comments`); n != 0 {
		t.Errorf("the comments count %d reactions, want 0", n)
	}
	f.checkInvariants()
}

// A sweep leaves time to requests: after each batch it waits for as long as the batch took, here longer than the delay
// of the replies.
func TestSweepPausesBetweenBatches(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 450)
	f.exec(`INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type)
		SELECT $1, 2, uid, $2, 1 FROM users WHERE uid <> $1`, f.users[0], f.post(f.users[1])) // three batches
	f.exec(`UPDATE users SET deleted_at = now() WHERE uid = $1`, f.users[0])
	const delay = 20 * time.Millisecond
	var mu sync.Mutex
	var replied time.Time
	pauses := 0
	proxy, err := pgproxy.New(f.url, func(fromServer bool, _ []byte) bool {
		if fromServer {
			time.Sleep(delay)
		}
		mu.Lock()
		defer mu.Unlock()
		if fromServer {
			replied = time.Now()
		} else if time.Since(replied) >= delay {
			pauses++
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	s, err := store.Open(proxy.URL, "sweep", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.DeletedAccounts(t.Context()); err != nil { // connects
		t.Fatal(err)
	}
	pauses = 0
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := f.rowsOf(f.users[0]); n != 0 || pauses < 3 {
		t.Errorf("%d rows are left; %d pauses, want 3", n, pauses)
	}
}

// An interrupted sweep leaves every counter correct. Others finish it, several at once, while users
// write.
func TestInterruptedSweepIsFinishedByOthers(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 600)
	f.createHistory(300)
	deleted := []int64{f.users[0], f.users[2], f.users[3]}
	remaining := f.users[1]
	for _, user := range deleted {
		if err := f.store.DeleteAccount(t.Context(), f.credential(user)); err != nil {
			t.Fatal(err)
		}
	}
	tx := f.begin()
	if _, err := tx.Exec(`SELECT FROM posts WHERE owner_uid = $1 FOR UPDATE`, remaining); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := f.store.Sweep(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a sweep that must wait for a lock: got %v, want its deadline", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	posts := f.column(`SELECT id FROM posts WHERE owner_uid = $1`, remaining)
	const sweepers, writers = 3, 3
	for range sweepers {
		f.open("")
	}
	concurrently(sweepers+writers, func(i int) {
		if i < sweepers {
			if err := f.stores[1+i].Sweep(t.Context()); err != nil {
				t.Error(err)
			}
			return
		}
		for n, post := range posts {
			_, _, err := f.store.PutPostReaction(t.Context(), f.users[4], post, 1+(n+i)%5)
			allow(t, err)
			_, err = addComment(t.Context(), f.store, f.users[5], post, "comment")
			allow(t, err)
		}
	})
	for _, user := range deleted {
		if n := f.rowsOf(user); n != 0 {
			t.Errorf("%d rows of account %d are left", n, user)
		}
	}
	f.checkInvariants()
}

// BenchmarkSweep sweeps an account with 20,000 posts. wait-ms is the longest time that another
// transaction waited for the lock of a post that the account had commented on or reacted to.
func BenchmarkSweep(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		f := newFixture(b, 1200)
		f.createHistory(20_000)
		posts := f.column(`SELECT id FROM posts WHERE owner_uid = $1 AND id % 12 = 0`, f.users[1])
		if err := f.store.DeleteAccount(b.Context(), f.credential(f.users[0])); err != nil {
			b.Fatal(err)
		}
		done := make(chan error)
		b.StartTimer()
		go func() { done <- f.store.Sweep(b.Context()) }()
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
				// An UPDATE every millisecond would bloat the table.
				f.exec(`SELECT FROM posts WHERE id = $1 FOR NO KEY UPDATE`, posts[n%len(posts)])
				longest = max(longest, time.Since(start))
				time.Sleep(time.Millisecond)
				continue
			}
			break
		}
	}
}
