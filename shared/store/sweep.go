package store

import (
	"context"

	"github.com/uptrace/bun"
)

// sweepBatch is how many rows of a deleted account go in one transaction: few enough that the rows of others that
// are locked with them (a post whose counter goes down) are free again within some 50 ms.
const sweepBatch = 200

// Every statement here locks posts before comments, and both in the order of their ids, so that no two sweeps and no
// sweep and a writer wait for each other. Counters go down in the statement that removes what they count, from what
// they are under the lock, as reactions move them.

// sweepPostReactions removes ?1 of user ?0's reactions to posts with their notifications. The user is asked for by way of
// `thing`: with a constant in its place, a plan made on old statistics may go through all of the user's reactions again
// and again.
const sweepPostReactions = `
	WITH chosen AS MATERIALIZED (SELECT post_id FROM post_reactions WHERE user_uid = ?0 LIMIT ?1),
	thing AS MATERIALIZED (
		SELECT ?0::bigint AS user_uid, id, ` + counters + `
		FROM posts WHERE id = ANY (ARRAY(SELECT post_id FROM chosen)) ORDER BY id FOR NO KEY UPDATE
	), gone AS (
		DELETE FROM post_reactions r USING thing WHERE r.post_id = thing.id AND r.user_uid = thing.user_uid
		RETURNING r.type, thing.id, ` + counters + `
	), told AS (
		DELETE FROM notifications n USING gone WHERE n.post_id = gone.id AND n.actor_uid = ?0 AND n.type = 2
	), counted AS (
		UPDATE posts p SET ` + countOff + ` FROM gone WHERE p.id = gone.id
	)
	SELECT count(*) FROM chosen`

// sweepCommentReactions removes ?1 of user ?0's reactions to comments.
const sweepCommentReactions = `
	WITH chosen AS MATERIALIZED (SELECT post_id, comment_id FROM comment_reactions WHERE user_uid = ?0 LIMIT ?1),
	held AS MATERIALIZED (
		SELECT id FROM posts WHERE id = ANY (ARRAY(SELECT post_id FROM chosen)) ORDER BY id FOR KEY SHARE
	), thing AS MATERIALIZED (
		SELECT ?0::bigint AS user_uid, c.post_id, c.id, ` + counters + `
		FROM comments c JOIN held ON c.post_id = held.id
		WHERE c.id = ANY (ARRAY(SELECT comment_id FROM chosen)) ORDER BY c.post_id, c.id FOR NO KEY UPDATE OF c
	), gone AS (
		DELETE FROM comment_reactions r USING thing
		WHERE r.post_id = thing.post_id AND r.comment_id = thing.id AND r.user_uid = thing.user_uid
		RETURNING r.type, thing.post_id, thing.id, ` + counters + `
	), counted AS (
		UPDATE comments c SET ` + countOff + ` FROM gone WHERE c.post_id = gone.post_id AND c.id = gone.id
	)
	SELECT count(*) FROM chosen`

const (
	counters = `reaction_1, reaction_2, reaction_3, reaction_4, reaction_5`
	// countOff takes one reaction off.
	countOff = `
			reaction_1 = gone.reaction_1 - (gone.type = 1)::int, reaction_2 = gone.reaction_2 - (gone.type = 2)::int,
			reaction_3 = gone.reaction_3 - (gone.type = 3)::int, reaction_4 = gone.reaction_4 - (gone.type = 4)::int,
			reaction_5 = gone.reaction_5 - (gone.type = 5)::int`
	// countGone counts all that are gone, as moves.
	countGone = `-count(*) FILTER (WHERE type = 1) AS n1, -count(*) FILTER (WHERE type = 2) AS n2, -count(*) FILTER (WHERE type = 3) AS n3,
		-count(*) FILTER (WHERE type = 4) AS n4, -count(*) FILTER (WHERE type = 5) AS n5`
)

// sweepNotifications removes ?1 of user ?0's notifications.
const sweepNotifications = `
	WITH chosen AS MATERIALIZED (SELECT user_uid, id FROM notifications WHERE user_uid = ?0 LIMIT ?1),
	gone AS (DELETE FROM notifications n USING chosen c WHERE n.user_uid = c.user_uid AND n.id = c.id)
	SELECT count(*) FROM chosen`

// A burden is a post or a comment that is to go, and how many rows go with it.
type burden struct {
	ID     int64
	PostID int64 // of a comment
	Load   int   // rows, itself with them
}

// bearable is how many of these can go at once: those that make sweepBatch rows between them, but one at least.
func bearable(burdens []burden) (n int) {
	for load := 0; n < len(burdens); n++ {
		if load += burdens[n].Load; load > sweepBatch && n > 0 {
			break
		}
	}
	return n
}

// sweepComments deletes the comments whose column, owner_uid or post_id, holds this number. One that has more reactions
// than may go at once is stripped of them first.
func (s *Store) sweepComments(ctx context.Context, column string, number int64) error {
	for {
		var comments []burden
		err := s.db.NewRaw(`
			SELECT post_id, id, 1 + reaction_1 + reaction_2 + reaction_3 + reaction_4 + reaction_5 AS load
			FROM comments WHERE ? = ? LIMIT ?`, bun.Ident(column), number, sweepBatch).Scan(ctx, &comments)
		if err != nil || len(comments) == 0 {
			return err
		}
		if first := comments[0]; first.Load > sweepBatch {
			if err := s.repeat(ctx, stripComment, first.PostID, first.ID, sweepBatch); err != nil {
				return err
			}
		}
		var ids, posts []int64
		for _, comment := range comments[:bearable(comments)] {
			ids, posts = append(ids, comment.ID), append(posts, comment.PostID)
		}
		if _, err := s.db.NewRaw(deleteComments, bun.List(posts), bun.List(ids)).Exec(ctx); err != nil {
			return err
		}
	}
}

// stripComment removes ?2 of the reactions to comment ?1 of post ?0.
const stripComment = `
	WITH chosen AS MATERIALIZED (SELECT user_uid FROM comment_reactions WHERE post_id = ?0 AND comment_id = ?1 LIMIT ?2),
	thing AS MATERIALIZED (SELECT post_id, id, ` + counters + ` FROM comments WHERE post_id = ?0 AND id = ?1 FOR NO KEY UPDATE),
	gone AS (
		DELETE FROM comment_reactions r USING thing, chosen
		WHERE r.post_id = thing.post_id AND r.comment_id = thing.id AND r.user_uid = chosen.user_uid RETURNING r.type
	), counted AS (
		UPDATE comments c SET ` + moveCounters + ` FROM thing, (SELECT ` + countGone + ` FROM gone) move
		WHERE c.post_id = thing.post_id AND c.id = thing.id
	)
	SELECT count(*) FROM chosen`

// deleteComments deletes the comments ?1, each of the post in its place in ?0, with their reactions and notifications.
const deleteComments = `
	WITH chosen AS MATERIALIZED (SELECT post_id, id FROM unnest(ARRAY[?0]::bigint[], ARRAY[?1]::bigint[]) AS c (post_id, id)),
	thing AS MATERIALIZED (SELECT id, comment_count FROM posts WHERE id IN (?0) ORDER BY id FOR NO KEY UPDATE),
	gone AS (
		DELETE FROM comments c USING chosen JOIN thing ON thing.id = chosen.post_id
		WHERE c.post_id = chosen.post_id AND c.id = chosen.id RETURNING c.post_id
	)
	UPDATE posts p SET comment_count = thing.comment_count - move.n
	FROM thing JOIN (SELECT post_id, count(*) AS n FROM gone GROUP BY post_id) move ON move.post_id = thing.id
	WHERE p.id = thing.id`

// sweepPosts deletes the user's posts. One that has more comments and reactions than may go at once is stripped first.
func (s *Store) sweepPosts(ctx context.Context, uid int64) error {
	for {
		var posts []burden
		if err := s.db.NewRaw(loadedPosts, uid, sweepBatch).Scan(ctx, &posts); err != nil || len(posts) == 0 {
			return err
		}
		if first := posts[0]; first.Load > sweepBatch {
			if err := s.repeat(ctx, stripPost, first.ID, sweepBatch); err != nil {
				return err
			}
			if err := s.sweepComments(ctx, "post_id", first.ID); err != nil {
				return err
			}
		}
		var ids []int64
		for _, post := range posts[:bearable(posts)] {
			ids = append(ids, post.ID)
		}
		if _, err := s.db.NewRaw(deletePosts, bun.List(ids)).Exec(ctx); err != nil {
			return err
		}
	}
}

// loadedPosts are the first ?1 posts of user ?0. Who has more than ?1 comments is heavy without a look at them.
const loadedPosts = `
	SELECT id, 1 + comment_count + reaction_1 + reaction_2 + reaction_3 + reaction_4 + reaction_5 + CASE
		WHEN comment_count BETWEEN 1 AND ?1 THEN (
			SELECT coalesce(sum(reaction_1 + reaction_2 + reaction_3 + reaction_4 + reaction_5), 0)
			FROM comments c WHERE c.post_id = p.id)
		ELSE 0 END AS load
	FROM posts p WHERE owner_uid = ?0 ORDER BY id LIMIT ?1`

// stripPost removes ?1 of the reactions to post ?0 with their notifications.
const stripPost = `
	WITH chosen AS MATERIALIZED (SELECT user_uid FROM post_reactions WHERE post_id = ?0 LIMIT ?1),
	thing AS MATERIALIZED (SELECT id, ` + counters + ` FROM posts WHERE id = ?0 FOR NO KEY UPDATE),
	gone AS (
		DELETE FROM post_reactions r USING thing, chosen
		WHERE r.post_id = thing.id AND r.user_uid = chosen.user_uid RETURNING r.user_uid, r.type
	), told AS (
		DELETE FROM notifications n USING gone WHERE n.post_id = ?0 AND n.actor_uid = gone.user_uid AND n.type = 2
	), counted AS (
		UPDATE posts p SET ` + moveCounters + ` FROM thing, (SELECT ` + countGone + ` FROM gone) move WHERE p.id = thing.id
	)
	SELECT count(*) FROM chosen`

// deletePosts deletes the posts ?0 with all that hangs on them.
const deletePosts = `
	DELETE FROM posts p USING (SELECT id FROM posts WHERE id IN (?) ORDER BY id FOR UPDATE) locked WHERE p.id = locked.id`
