package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
)

// sweepBatch is how many rows of a deleted account go in one transaction: few enough that the rows of others that
// are locked with them (a post whose counter goes down) are free again within some 50 ms.
const sweepBatch = 500

// DeleteAccount makes the account, whose password was checked, gone for every reader at once and its ID free:
// its sessions end, and all that it made is hidden by the same commit. Sweep then removes the rows.
// Where the password has changed since the check, the answer is Forbidden.
func (s *Store) DeleteAccount(ctx context.Context, checked Credential) error {
	return s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		// FOR UPDATE waits for writes of this user's that are under way; those that come later find the account gone.
		result, err := tx.NewRaw(`
			WITH u AS (SELECT uid FROM users WHERE uid = ? AND password_hash = ? AND deleted_at IS NULL FOR UPDATE)
			UPDATE users SET deleted_at = now() FROM u WHERE users.uid = u.uid`, checked.UID, checked.Hash).Exec(ctx)
		if err != nil {
			return fmt.Errorf("delete account: %w", err)
		}
		if deleted, err := result.RowsAffected(); err != nil || deleted == 0 {
			return errRaced
		}
		if _, err := tx.NewDelete().Table("sessions").Where("user_uid = ?", checked.UID).Exec(ctx); err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
		return nil
	})
}

// The steps in which a deleted account's rows go, each a statement that removes at most ?1 rows of user ?0 and, with
// them, what they count for. A step is repeated until it finds nothing. Every statement locks posts before what
// hangs on them and in the order of their ids, as all others do.
var sweepSteps = []struct{ name, statement string }{
	{"post reactions", `
		WITH posts_of AS MATERIALIZED (
			SELECT p.id FROM posts p
			WHERE p.id IN (SELECT post_id FROM post_reactions WHERE user_uid = ?0 LIMIT ?1)
			ORDER BY p.id FOR NO KEY UPDATE
		), gone AS (
			DELETE FROM post_reactions r USING posts_of WHERE r.post_id = posts_of.id AND r.user_uid = ?0 RETURNING r.post_id, r.type
		), told AS (
			DELETE FROM notifications n USING gone WHERE n.post_id = gone.post_id AND n.actor_uid = ?0 AND n.type = 2
		), counted AS (
			UPDATE posts p SET
				reaction_1 = reaction_1 - (gone.type = 1)::int, reaction_2 = reaction_2 - (gone.type = 2)::int,
				reaction_3 = reaction_3 - (gone.type = 3)::int, reaction_4 = reaction_4 - (gone.type = 4)::int,
				reaction_5 = reaction_5 - (gone.type = 5)::int
			FROM gone WHERE p.id = gone.post_id
		)
		SELECT count(*) FROM gone`},
	{"comment reactions", `
		WITH comments_of AS MATERIALIZED (
			SELECT c.post_id, c.id FROM comments c
			WHERE (c.post_id, c.id) IN (SELECT post_id, comment_id FROM comment_reactions WHERE user_uid = ?0 LIMIT ?1)
			ORDER BY c.post_id, c.id FOR NO KEY UPDATE
		), gone AS (
			DELETE FROM comment_reactions r USING comments_of c
			WHERE r.post_id = c.post_id AND r.comment_id = c.id AND r.user_uid = ?0 RETURNING r.post_id, r.comment_id, r.type
		), counted AS (
			UPDATE comments c SET
				reaction_1 = reaction_1 - (gone.type = 1)::int, reaction_2 = reaction_2 - (gone.type = 2)::int,
				reaction_3 = reaction_3 - (gone.type = 3)::int, reaction_4 = reaction_4 - (gone.type = 4)::int,
				reaction_5 = reaction_5 - (gone.type = 5)::int
			FROM gone WHERE c.post_id = gone.post_id AND c.id = gone.comment_id
		)
		SELECT count(*) FROM gone`},
	{"comments", `
		WITH posts_of AS MATERIALIZED (
			SELECT p.id FROM posts p
			WHERE p.id IN (SELECT post_id FROM comments WHERE owner_uid = ?0 ORDER BY post_id, id LIMIT ?1)
			ORDER BY p.id FOR NO KEY UPDATE
		), chosen AS MATERIALIZED (
			SELECT c.post_id, c.id FROM comments c JOIN posts_of ON c.post_id = posts_of.id WHERE c.owner_uid = ?0 LIMIT ?1
		), gone AS (
			DELETE FROM comments c USING chosen WHERE c.post_id = chosen.post_id AND c.id = chosen.id RETURNING c.post_id
		), counted AS (
			UPDATE posts p SET comment_count = comment_count - g.n
			FROM (SELECT post_id, count(*) AS n FROM gone GROUP BY post_id) g WHERE p.id = g.post_id
		)
		SELECT count(*) FROM gone`},
	{"notifications", `
		WITH gone AS (DELETE FROM notifications WHERE (user_uid, id) IN (
			SELECT user_uid, id FROM notifications WHERE user_uid = ?0 LIMIT ?1 FOR UPDATE SKIP LOCKED) RETURNING 1)
		SELECT count(*) FROM gone`},
}

// Sweep removes the rows of accounts that were deleted, in small transactions, until none is left or ctx ends.
// It may be stopped at any point and called again; two that run at once share the work.
func (s *Store) Sweep(ctx context.Context) error {
	for {
		var uids []int64
		if err := s.db.NewRaw(`SELECT uid FROM users WHERE deleted_at IS NOT NULL ORDER BY uid LIMIT 10`).Scan(ctx, &uids); err != nil {
			return fmt.Errorf("sweep: %w", err)
		}
		if len(uids) == 0 {
			return nil
		}
		for _, uid := range uids {
			if err := s.sweepAccount(ctx, uid); err != nil {
				return err
			}
		}
	}
}

func (s *Store) sweepAccount(ctx context.Context, uid int64) error {
	for _, step := range sweepSteps {
		for gone := 1; gone > 0; {
			if err := s.db.NewRaw(step.statement, uid, sweepBatch).Scan(ctx, &gone); err != nil {
				return fmt.Errorf("sweep %s of account %d: %w", step.name, uid, err)
			}
		}
	}
	if err := s.sweepPosts(ctx, uid); err != nil {
		return fmt.Errorf("sweep posts of account %d: %w", uid, err)
	}
	// By now the row stands alone, so nothing of anybody else's is locked by its cascade.
	if _, err := s.db.NewRaw(`DELETE FROM users WHERE uid = ? AND deleted_at IS NOT NULL`, uid).Exec(ctx); err != nil {
		return fmt.Errorf("sweep account %d: %w", uid, err)
	}
	return nil
}

// sweepPosts deletes the user's posts, as many at once as have sweepBatch comments and reactions between them. A post
// with more is stripped of them first.
func (s *Store) sweepPosts(ctx context.Context, uid int64) error {
	for {
		var posts []struct {
			ID   int64
			Load int
		}
		err := s.db.NewRaw(`
			SELECT id, 1 + comment_count + reaction_1 + reaction_2 + reaction_3 + reaction_4 + reaction_5 AS load
			FROM posts WHERE owner_uid = ? ORDER BY id LIMIT ?`, uid, sweepBatch).Scan(ctx, &posts)
		if err != nil || len(posts) == 0 {
			return err
		}
		if posts[0].Load > sweepBatch {
			if err := s.stripPost(ctx, posts[0].ID); err != nil {
				return err
			}
		}
		var ids []int64
		for load := 0; len(ids) < len(posts) && (len(ids) == 0 || load+posts[len(ids)].Load <= sweepBatch); {
			load += posts[len(ids)].Load
			ids = append(ids, posts[len(ids)].ID)
		}
		if _, err := s.db.NewRaw(`DELETE FROM posts WHERE id IN (?)`, bun.List(ids)).Exec(ctx); err != nil {
			return err
		}
	}
}

// stripPost removes the reactions to a post and its comments, in small transactions.
func (s *Store) stripPost(ctx context.Context, id int64) error {
	for _, statement := range []string{`
		WITH post AS MATERIALIZED (SELECT id FROM posts WHERE id = ?0 FOR NO KEY UPDATE),
		chosen AS MATERIALIZED (
			SELECT r.post_id, r.user_uid FROM post_reactions r JOIN post ON r.post_id = post.id LIMIT ?1
		), gone AS (
			DELETE FROM post_reactions r USING chosen c WHERE r.post_id = c.post_id AND r.user_uid = c.user_uid
			RETURNING r.user_uid, r.type
		), told AS (
			DELETE FROM notifications n USING gone WHERE n.post_id = ?0 AND n.actor_uid = gone.user_uid AND n.type = 2
		), counted AS (
			UPDATE posts SET
				reaction_1 = reaction_1 - (SELECT count(*) FROM gone WHERE type = 1),
				reaction_2 = reaction_2 - (SELECT count(*) FROM gone WHERE type = 2),
				reaction_3 = reaction_3 - (SELECT count(*) FROM gone WHERE type = 3),
				reaction_4 = reaction_4 - (SELECT count(*) FROM gone WHERE type = 4),
				reaction_5 = reaction_5 - (SELECT count(*) FROM gone WHERE type = 5)
			WHERE id = ?0
		)
		SELECT count(*) FROM gone`, `
		WITH post AS MATERIALIZED (SELECT id FROM posts WHERE id = ?0 FOR NO KEY UPDATE),
		chosen AS MATERIALIZED (
			SELECT c.post_id, c.id FROM comments c JOIN post ON c.post_id = post.id LIMIT ?1
		), gone AS (
			DELETE FROM comments c USING chosen WHERE c.post_id = chosen.post_id AND c.id = chosen.id RETURNING 1
		), counted AS (
			UPDATE posts SET comment_count = comment_count - (SELECT count(*) FROM gone) WHERE id = ?0
		)
		SELECT count(*) FROM gone`} {
		for gone := 1; gone > 0; {
			if err := s.db.NewRaw(statement, id, sweepBatch).Scan(ctx, &gone); err != nil {
				return err
			}
		}
	}
	return nil
}
