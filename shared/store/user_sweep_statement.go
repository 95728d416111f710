package store

// The statements of a sweep. Each locks posts before comments, and both in the order of their ids,
// so that it deadlocks with no other sweep and no writer. Each updates the counters together with
// the deletion of what they count, from their values under the lock, as the statements of reactions
// do.
const (
	// sweepPostReactions deletes up to $2 of user $1's reactions to posts, with their
	// notifications. It takes the user from `target`: with $1 in its place, a plan made from old
	// statistics may read all of the user's reactions again and again.
	sweepPostReactions = `
		WITH chosen AS MATERIALIZED (
			SELECT post_id FROM post_reactions WHERE user_uid = $1 LIMIT $2
		), target AS MATERIALIZED (
			SELECT $1::bigint AS user_uid, id, ` + counterColumns + `
			FROM posts WHERE id = ANY (ARRAY(SELECT post_id FROM chosen)) ORDER BY id FOR NO KEY UPDATE
		), deleted AS (
			DELETE FROM post_reactions r USING target WHERE r.post_id = target.id AND r.user_uid = target.user_uid
			RETURNING r.type, target.id, ` + counterColumns + `
		), unnotified AS (
			DELETE FROM notifications n USING deleted WHERE n.post_id = deleted.id AND n.actor_uid = $1 AND n.type = 2
		), counted AS (
			UPDATE posts p SET ` + subtractDeleted + ` FROM deleted WHERE p.id = deleted.id
		)
		SELECT count(*) FROM chosen`

	// sweepCommentReactions deletes up to $2 of user $1's reactions to comments.
	sweepCommentReactions = `
		WITH chosen AS MATERIALIZED (
			SELECT post_id, comment_id FROM comment_reactions WHERE user_uid = $1 LIMIT $2
		), locked AS MATERIALIZED (
			SELECT id FROM posts WHERE id = ANY (ARRAY(SELECT post_id FROM chosen)) ORDER BY id FOR KEY SHARE
		), target AS MATERIALIZED (
			SELECT $1::bigint AS user_uid, c.post_id, c.id, ` + counterColumns + `
			FROM comments c JOIN locked ON c.post_id = locked.id
			WHERE c.id = ANY (ARRAY(SELECT comment_id FROM chosen)) ORDER BY c.post_id, c.id FOR NO KEY UPDATE OF c
		), deleted AS (
			DELETE FROM comment_reactions r USING target
			WHERE r.post_id = target.post_id AND r.comment_id = target.id AND r.user_uid = target.user_uid
			RETURNING r.type, target.post_id, target.id, ` + counterColumns + `
		), counted AS (
			UPDATE comments c SET ` + subtractDeleted + ` FROM deleted
			WHERE c.post_id = deleted.post_id AND c.id = deleted.id
		)
		SELECT count(*) FROM chosen`

	// sweepNotifications deletes up to $2 of user $1's notifications.
	sweepNotifications = `
		WITH chosen AS MATERIALIZED (
			SELECT user_uid, id FROM notifications WHERE user_uid = $1 LIMIT $2
		), deleted AS (
			DELETE FROM notifications n USING chosen c WHERE n.user_uid = c.user_uid AND n.id = c.id
		)
		SELECT count(*) FROM chosen`

	// sweepIdempotencyKeys deletes up to $2 of user $1's idempotency keys.
	sweepIdempotencyKeys = `
		WITH chosen AS MATERIALIZED (
			SELECT user_uid, method, path, key FROM idempotency_keys WHERE user_uid = $1 LIMIT $2
		), deleted AS (
			DELETE FROM idempotency_keys k USING chosen c
			WHERE k.user_uid = c.user_uid AND k.method = c.method AND k.path = c.path AND k.key = c.key
		)
		SELECT count(*) FROM chosen`

	// commentsOfUser lists up to $2 comments of user $1, with the number of rows to delete.
	commentsOfUser = `
		SELECT post_id, id, 1 + reaction_1 + reaction_2 + reaction_3 + reaction_4 + reaction_5 AS rows
		FROM comments WHERE owner_uid = $1 LIMIT $2`

	// commentsOfPost lists up to $2 comments on post $1, with the number of rows to delete.
	commentsOfPost = `
		SELECT post_id, id, 1 + reaction_1 + reaction_2 + reaction_3 + reaction_4 + reaction_5 AS rows
		FROM comments WHERE post_id = $1 LIMIT $2`

	// sweepReactionsToComment deletes up to $3 of the reactions to comment $2 on post $1.
	sweepReactionsToComment = `
		WITH chosen AS MATERIALIZED (
			SELECT user_uid FROM comment_reactions WHERE post_id = $1 AND comment_id = $2 LIMIT $3
		), target AS MATERIALIZED (
			SELECT post_id, id, ` + counterColumns + ` FROM comments WHERE post_id = $1 AND id = $2 FOR NO KEY UPDATE
		), deleted AS (
			DELETE FROM comment_reactions r USING target, chosen
			WHERE r.post_id = target.post_id AND r.comment_id = target.id AND r.user_uid = chosen.user_uid
			RETURNING r.type
		), counted AS (
			UPDATE comments c SET ` + addChange + ` FROM target, (` + sumOfDeleted + `) change
			WHERE c.post_id = target.post_id AND c.id = target.id
		)
		SELECT count(*) FROM chosen`

	// deleteComments deletes the comments $2 on the posts $1, pair by pair, with their reactions
	// and notifications.
	deleteComments = `
		WITH chosen AS MATERIALIZED (
			SELECT post_id, id FROM unnest($1::bigint[], $2::bigint[]) AS c (post_id, id)
		), target AS MATERIALIZED (
			SELECT id, comment_count FROM posts WHERE id = ANY ($1::bigint[]) ORDER BY id FOR NO KEY UPDATE
		), deleted AS (
			DELETE FROM comments c USING chosen JOIN target ON target.id = chosen.post_id
			WHERE c.post_id = chosen.post_id AND c.id = chosen.id RETURNING c.post_id
		)
		UPDATE posts p SET comment_count = target.comment_count - change.n
		FROM target
		JOIN (SELECT post_id, count(*) AS n FROM deleted GROUP BY post_id) change ON change.post_id = target.id
		WHERE p.id = target.id`

	// postsOfUser lists the newest $2 posts of user $1, with the number of rows to delete. With more
	// than $2 comments a post exceeds the batch already, and their reactions are not counted. The
	// bounds are those that readPage describes.
	postsOfUser = `
		SELECT id, 1 + comment_count + reaction_1 + reaction_2 + reaction_3 + reaction_4 + reaction_5 + CASE
			WHEN comment_count BETWEEN 1 AND $2 THEN (
				SELECT coalesce(sum(reaction_1 + reaction_2 + reaction_3 + reaction_4 + reaction_5), 0)
				FROM comments c WHERE c.post_id = p.id)
			ELSE 0 END AS rows
		FROM posts p
		WHERE (owner_uid, id) < ((SELECT $1::bigint + 1), 0) AND (owner_uid, id) > ((SELECT $1::bigint), 0)
		ORDER BY owner_uid DESC, id DESC LIMIT $2`

	// sweepReactionsToPost deletes up to $2 of the reactions to post $1, with their notifications.
	sweepReactionsToPost = `
		WITH chosen AS MATERIALIZED (
			SELECT user_uid FROM post_reactions WHERE post_id = $1 LIMIT $2
		), target AS MATERIALIZED (
			SELECT id, ` + counterColumns + ` FROM posts WHERE id = $1 FOR NO KEY UPDATE
		), deleted AS (
			DELETE FROM post_reactions r USING target, chosen
			WHERE r.post_id = target.id AND r.user_uid = chosen.user_uid RETURNING r.user_uid, r.type
		), unnotified AS (
			DELETE FROM notifications n USING deleted
			WHERE n.post_id = $1 AND n.actor_uid = deleted.user_uid AND n.type = 2
		), counted AS (
			UPDATE posts p SET ` + addChange + ` FROM target, (` + sumOfDeleted + `) change WHERE p.id = target.id
		)
		SELECT count(*) FROM chosen`

	// deletePosts deletes the posts $1 with their comments, reactions and notifications.
	deletePosts = `
		DELETE FROM posts p USING (SELECT id FROM posts WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE) locked
		WHERE p.id = locked.id`
)

// The parts that the statements share, with those of reactions.
const (
	// subtractDeleted subtracts one deleted reaction from its target's counters.
	subtractDeleted = `
			reaction_1 = deleted.reaction_1 - (deleted.type = 1)::int,
			reaction_2 = deleted.reaction_2 - (deleted.type = 2)::int,
			reaction_3 = deleted.reaction_3 - (deleted.type = 3)::int,
			reaction_4 = deleted.reaction_4 - (deleted.type = 4)::int,
			reaction_5 = deleted.reaction_5 - (deleted.type = 5)::int`
	// sumOfDeleted counts all deleted reactions, for addChange.
	sumOfDeleted = `
			SELECT -count(*) FILTER (WHERE type = 1) AS n1, -count(*) FILTER (WHERE type = 2) AS n2,
				-count(*) FILTER (WHERE type = 3) AS n3, -count(*) FILTER (WHERE type = 4) AS n4,
				-count(*) FILTER (WHERE type = 5) AS n5
			FROM deleted`
)
