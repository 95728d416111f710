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
	// What others left on this user's posts goes before the posts, so that a post with much on it is no long transaction.
	{"reactions to posts", `
		WITH gone AS (
			DELETE FROM post_reactions WHERE (post_id, user_uid) IN (
				SELECT r.post_id, r.user_uid FROM posts p JOIN post_reactions r ON r.post_id = p.id WHERE p.owner_uid = ?0 LIMIT ?1)
			RETURNING post_id, user_uid, type
		), counted AS (
			UPDATE posts p SET
				reaction_1 = reaction_1 - g.n1, reaction_2 = reaction_2 - g.n2, reaction_3 = reaction_3 - g.n3,
				reaction_4 = reaction_4 - g.n4, reaction_5 = reaction_5 - g.n5
			FROM (SELECT post_id, count(*) FILTER (WHERE type = 1) AS n1, count(*) FILTER (WHERE type = 2) AS n2,
					count(*) FILTER (WHERE type = 3) AS n3, count(*) FILTER (WHERE type = 4) AS n4,
					count(*) FILTER (WHERE type = 5) AS n5 FROM gone GROUP BY post_id) g
			WHERE p.id = g.post_id
		), told AS (
			DELETE FROM notifications n USING gone WHERE n.post_id = gone.post_id AND n.actor_uid = gone.user_uid AND n.type = 2
		)
		SELECT count(*) FROM gone`},
	{"comments on posts", `
		WITH gone AS (
			DELETE FROM comments WHERE (post_id, id) IN (
				SELECT c.post_id, c.id FROM posts p JOIN comments c ON c.post_id = p.id WHERE p.owner_uid = ?0 LIMIT ?1)
			RETURNING post_id
		), counted AS (
			UPDATE posts p SET comment_count = comment_count - g.n
			FROM (SELECT post_id, count(*) AS n FROM gone GROUP BY post_id) g WHERE p.id = g.post_id
		)
		SELECT count(*) FROM gone`},
	{"posts", `
		WITH gone AS (DELETE FROM posts WHERE id IN (SELECT id FROM posts WHERE owner_uid = ?0 LIMIT ?1) RETURNING 1)
		SELECT count(*) FROM gone`},
	{"notifications", `
		WITH gone AS (DELETE FROM notifications WHERE (user_uid, id) IN (
			SELECT user_uid, id FROM notifications WHERE user_uid = ?0 LIMIT ?1) RETURNING 1)
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
	// By now the row stands alone, so nothing of anybody else's is locked by its cascade.
	if _, err := s.db.NewRaw(`DELETE FROM users WHERE uid = ? AND deleted_at IS NOT NULL`, uid).Exec(ctx); err != nil {
		return fmt.Errorf("sweep account %d: %w", uid, err)
	}
	return nil
}
