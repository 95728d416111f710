package store

import (
	"context"
	"fmt"
	"time"
)

// The two statements below do everything for a batch of reactions to one post, or one comment, in one round trip.
// $1 and $2 are the users, each once, and the types that they put; 0 cancels. $3 is the post or comment. There is a row
// for each user: whether the thing is there, and the reaction as it stands after.
//
// The thing's row is locked before any reaction is touched, so that batches of several processes, and the thing's
// deletion, take turns. `previous` is how PostgreSQL 15 tells the type that an upsert replaced: DO UPDATE sees the row as
// it is then, not as it was in the snapshot. A deletion follows a row to its newest version too, so the counters
// move by what really changed.
const (
	reactToPost = `
		WITH wish AS (
			SELECT user_uid, type FROM unnest($1::bigint[], $2::smallint[]) AS w (user_uid, type)
		), u AS (
			SELECT uid, id, name, nickname FROM users WHERE uid IN (SELECT user_uid FROM wish) AND deleted_at IS NULL
			ORDER BY uid FOR KEY SHARE
		), thing AS MATERIALIZED (
			SELECT p.id, p.owner_uid, p.reaction_1, p.reaction_2, p.reaction_3, p.reaction_4, p.reaction_5
			FROM posts p JOIN users o ON o.uid = p.owner_uid AND o.deleted_at IS NULL
			WHERE p.id = $3 FOR NO KEY UPDATE OF p
		), put AS (
			INSERT INTO post_reactions AS r (post_id, user_uid, type)
			SELECT thing.id, u.uid, wish.type FROM thing, wish JOIN u ON u.uid = wish.user_uid WHERE wish.type > 0
			ON CONFLICT (post_id, user_uid) DO UPDATE
				SET previous = r.type, type = excluded.type, modified = r.modified OR r.type <> excluded.type
			RETURNING user_uid, type, previous, modified, created_at
		), cancelled AS (
			DELETE FROM post_reactions r USING thing, wish
			WHERE wish.type = 0 AND r.post_id = thing.id AND r.user_uid = wish.user_uid
			RETURNING r.user_uid, r.type
		), told AS (
			INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type)
			SELECT thing.owner_uid, 2, put.user_uid, thing.id, put.type FROM put, thing
			WHERE put.user_uid <> thing.owner_uid AND put.type IS DISTINCT FROM put.previous
			ON CONFLICT (post_id, actor_uid) WHERE type = 2 DO UPDATE SET reaction_type = excluded.reaction_type
		), untold AS (
			DELETE FROM notifications n USING cancelled WHERE n.post_id = $3 AND n.actor_uid = cancelled.user_uid AND n.type = 2
		), counted AS (
			UPDATE posts p SET ` + moveCounters + ` FROM thing, (` + sumMoves + `) move WHERE p.id = thing.id
		)` + reactionResult

	reactToComment = `
		WITH wish AS (
			SELECT user_uid, type FROM unnest($1::bigint[], $2::smallint[]) AS w (user_uid, type)
		), u AS (
			SELECT uid, id, name, nickname FROM users WHERE uid IN (SELECT user_uid FROM wish) AND deleted_at IS NULL
			ORDER BY uid FOR KEY SHARE
		), thing AS MATERIALIZED (
			SELECT c.id, c.post_id, c.reaction_1, c.reaction_2, c.reaction_3, c.reaction_4, c.reaction_5
			FROM comments c
			JOIN users u ON u.uid = c.owner_uid AND u.deleted_at IS NULL
			JOIN posts p ON p.id = c.post_id JOIN users o ON o.uid = p.owner_uid AND o.deleted_at IS NULL
			WHERE c.id = $3 FOR NO KEY UPDATE OF c
		), put AS (
			INSERT INTO comment_reactions AS r (post_id, comment_id, user_uid, type)
			SELECT thing.post_id, thing.id, u.uid, wish.type FROM thing, wish JOIN u ON u.uid = wish.user_uid WHERE wish.type > 0
			ON CONFLICT (post_id, comment_id, user_uid) DO UPDATE
				SET previous = r.type, type = excluded.type, modified = r.modified OR r.type <> excluded.type
			RETURNING user_uid, type, previous, modified, created_at
		), cancelled AS (
			DELETE FROM comment_reactions r USING thing, wish
			WHERE wish.type = 0 AND r.post_id = thing.post_id AND r.comment_id = thing.id AND r.user_uid = wish.user_uid
			RETURNING r.user_uid, r.type
		), counted AS (
			UPDATE comments c SET ` + moveCounters + ` FROM thing, (` + sumMoves + `) move
			WHERE c.post_id = thing.post_id AND c.id = thing.id
		)` + reactionResult

	// Each move is a type and whether one came (1) or went (-1). Putting what already stands moves nothing.
	sumMoves = `
				SELECT coalesce(sum(by) FILTER (WHERE type = 1), 0) AS n1, coalesce(sum(by) FILTER (WHERE type = 2), 0) AS n2,
					coalesce(sum(by) FILTER (WHERE type = 3), 0) AS n3, coalesce(sum(by) FILTER (WHERE type = 4), 0) AS n4,
					coalesce(sum(by) FILTER (WHERE type = 5), 0) AS n5
				FROM (SELECT type, 1 AS by FROM put WHERE type IS DISTINCT FROM previous
					UNION ALL SELECT previous, -1 FROM put WHERE type <> previous
					UNION ALL SELECT type, -1 FROM cancelled) moves
				HAVING count(*) > 0`
	// The counters as they are under the lock. The row's own may be older: PostgreSQL computes with its snapshot's first, and
	// would refuse a count below zero before it looks for the newest version.
	moveCounters = `reaction_1 = thing.reaction_1 + n1, reaction_2 = thing.reaction_2 + n2, reaction_3 = thing.reaction_3 + n3,
				reaction_4 = thing.reaction_4 + n4, reaction_5 = thing.reaction_5 + n5`
	reactionResult = `
		SELECT wish.user_uid, u.id AS user_id, u.name AS user_name, u.nickname AS user_nickname,
			EXISTS (SELECT FROM thing) AS found, u.uid IS NOT NULL AS live, cancelled.user_uid IS NOT NULL AS cancelled,
			put.user_uid IS NOT NULL AND put.previous IS NULL AS created,
			coalesce(put.type, 0) AS type, coalesce(put.modified, false) AS modified, coalesce(put.created_at, now()) AS created_at
		FROM wish LEFT JOIN u ON u.uid = wish.user_uid
		LEFT JOIN put ON put.user_uid = wish.user_uid LEFT JOIN cancelled ON cancelled.user_uid = wish.user_uid`
)

// A reacted is what became of one user's wish.
type reacted struct {
	Reaction  `bun:",extend"`
	Found     bool
	Live      bool
	Cancelled bool
	Created   bool
}

// reactTimeout bounds a statement that runs for several callers, none of whom may end it for the others.
const reactTimeout = 10 * time.Second

// react runs one of the statements for a batch.
func (s *Store) react(ctx context.Context, statement string, thing int64, users []int64, types []int16) (map[int64]reacted, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reactTimeout)
	defer cancel()
	var rows []reacted
	if err := s.read(ctx, &rows, statement, users, types, thing); err != nil {
		return nil, fmt.Errorf("react to %d: %w", thing, err)
	}
	result := make(map[int64]reacted, len(rows))
	for _, row := range rows {
		result[row.UserUID] = row
	}
	return result, nil
}
