package store

import (
	"context"
	"fmt"
	"time"
)

// The two statements below store a batch of reactions to one post, or to one comment, in one round
// trip. $1 and $2 are the users, each once, and the types that they put; cancelType cancels. $3 is
// the post or comment. They return one row per user.
//
// The target's row is locked before any reaction is changed, so that batches of several processes,
// and the deletion of the target, run one after the other. The snapshot may be older than the lock,
// so every number is taken from the rows as they are under it: `target` has the locked counters,
// and `previous` the type that an upsert replaced (PostgreSQL 15 has no RETURNING OLD). A deletion,
// too, follows a row to its newest version.
const (
	reactToPost = `
		WITH requested AS (
			SELECT user_uid, type FROM unnest($1::bigint[], $2::smallint[]) AS r (user_uid, type)
		), u AS (
			SELECT uid, id, name, nickname FROM users
			WHERE uid IN (SELECT user_uid FROM requested) AND deleted_at IS NULL
			ORDER BY uid FOR KEY SHARE
		), target AS MATERIALIZED (` + targetPost + `), put AS (
			INSERT INTO post_reactions AS r (post_id, user_uid, type)
			SELECT target.id, u.uid, requested.type
			FROM target, requested JOIN u ON u.uid = requested.user_uid WHERE requested.type > 0
			ON CONFLICT (post_id, user_uid) DO UPDATE ` + replaceType + `
		), cancelled AS (
			DELETE FROM post_reactions r USING target, requested
			WHERE requested.type = 0 AND r.post_id = target.id AND r.user_uid = requested.user_uid
			RETURNING r.user_uid, r.type
		), notified AS (` + notifyOfReaction + `), unnotified AS (
			DELETE FROM notifications n USING cancelled
			WHERE n.post_id = $3 AND n.actor_uid = cancelled.user_uid AND n.type = 2
		), counted AS (
			UPDATE posts p SET ` + addChange + ` FROM target, (` + sumOfChanges + `) change WHERE p.id = target.id
		)` + reactionResults

	reactToComment = `
		WITH requested AS (
			SELECT user_uid, type FROM unnest($1::bigint[], $2::smallint[]) AS r (user_uid, type)
		), u AS (
			SELECT uid, id, name, nickname FROM users
			WHERE uid IN (SELECT user_uid FROM requested) AND deleted_at IS NULL
			ORDER BY uid FOR KEY SHARE
		), target AS MATERIALIZED (` + targetComment + `), put AS (
			INSERT INTO comment_reactions AS r (post_id, comment_id, user_uid, type)
			SELECT target.post_id, target.id, u.uid, requested.type
			FROM target, requested JOIN u ON u.uid = requested.user_uid WHERE requested.type > 0
			ON CONFLICT (post_id, comment_id, user_uid) DO UPDATE ` + replaceType + `
		), cancelled AS (
			DELETE FROM comment_reactions r USING target, requested
			WHERE requested.type = 0
				AND r.post_id = target.post_id AND r.comment_id = target.id AND r.user_uid = requested.user_uid
			RETURNING r.user_uid, r.type
		), counted AS (
			UPDATE comments c SET ` + addChange + ` FROM target, (` + sumOfChanges + `) change
			WHERE c.post_id = target.post_id AND c.id = target.id
		)` + reactionResults
)

// The parts that the statements share.
const (
	counterColumns = `reaction_1, reaction_2, reaction_3, reaction_4, reaction_5`
	targetPost     = `
			SELECT p.id, p.owner_uid, p.reaction_1, p.reaction_2, p.reaction_3, p.reaction_4, p.reaction_5
			FROM posts p JOIN people o ON o.uid = p.owner_uid AND o.deleted_at IS NULL
			WHERE p.id = $3 FOR NO KEY UPDATE OF p
		`
	targetComment = `
			SELECT c.id, c.post_id, c.reaction_1, c.reaction_2, c.reaction_3, c.reaction_4, c.reaction_5
			FROM comments c
			JOIN people u ON u.uid = c.owner_uid AND u.deleted_at IS NULL
			JOIN posts p ON p.id = c.post_id JOIN people o ON o.uid = p.owner_uid AND o.deleted_at IS NULL
			WHERE c.id = $3 FOR NO KEY UPDATE OF c
		`
	replaceType = `
				SET previous = r.type, type = excluded.type, modified = r.modified OR r.type <> excluded.type
			RETURNING user_uid, type, previous, modified, created_at`
	notifyOfReaction = `
			INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type)
			SELECT target.owner_uid, 2, put.user_uid, target.id, put.type FROM put, target
			WHERE put.user_uid <> target.owner_uid AND put.type IS DISTINCT FROM put.previous
			ON CONFLICT (post_id, actor_uid) WHERE type = 2 DO UPDATE SET reaction_type = excluded.reaction_type
		`
	// addChange adds to the counters as they are under the lock. The counters of the row itself may
	// be those of the snapshot: PostgreSQL computes with them first, and would fail if one went
	// below zero, before it looks for the newest version of the row.
	addChange = `
				reaction_1 = target.reaction_1 + n1, reaction_2 = target.reaction_2 + n2,
				reaction_3 = target.reaction_3 + n3, reaction_4 = target.reaction_4 + n4,
				reaction_5 = target.reaction_5 + n5`
	// sumOfChanges is empty, and no counter is updated, if every reaction is put as it was.
	sumOfChanges = `
				SELECT
					coalesce(sum(by) FILTER (WHERE type = 1), 0) AS n1,
					coalesce(sum(by) FILTER (WHERE type = 2), 0) AS n2,
					coalesce(sum(by) FILTER (WHERE type = 3), 0) AS n3,
					coalesce(sum(by) FILTER (WHERE type = 4), 0) AS n4,
					coalesce(sum(by) FILTER (WHERE type = 5), 0) AS n5
				FROM (SELECT type, 1 AS by FROM put WHERE type IS DISTINCT FROM previous
					UNION ALL SELECT previous, -1 FROM put WHERE type <> previous
					UNION ALL SELECT type, -1 FROM cancelled) changes
				HAVING count(*) > 0`
	reactionResults = `
		SELECT requested.user_uid, u.id AS user_id, u.name AS user_name, u.nickname AS user_nickname,
			EXISTS (SELECT FROM target) AS has_target, u.uid IS NOT NULL AS has_account,
			cancelled.user_uid IS NOT NULL AS cancelled, put.user_uid IS NOT NULL AND put.previous IS NULL AS created,
			coalesce(put.type, 0) AS type, coalesce(put.modified, false) AS modified,
			coalesce(put.created_at, now()) AS created_at
		FROM requested LEFT JOIN u ON u.uid = requested.user_uid
		LEFT JOIN put ON put.user_uid = requested.user_uid
		LEFT JOIN cancelled ON cancelled.user_uid = requested.user_uid`
)

// cancelType stands for a cancellation, among the types of a batch.
const cancelType int16 = 0

// A reactionResult is what a statement did for one user of its batch.
type reactionResult struct {
	Reaction   `bun:",extend"` // as it is now, if it was put
	HasTarget  bool            // the post or comment exists
	HasAccount bool            // the user's account exists
	Cancelled  bool            // a reaction was deleted
	Created    bool            // a reaction was inserted
}

// reactTimeout bounds a statement. It runs for several callers, so none of their contexts may
// cancel it.
const reactTimeout = 10 * time.Second

// A runBatch stores the reactions of users, each once, to one target, and returns the result by
// user.
type runBatch func(ctx context.Context, target int64, users []int64, types []int16) (map[int64]reactionResult, error)

func (s *Store) reactToPost(
	ctx context.Context, post int64, users []int64, types []int16,
) (map[int64]reactionResult, error) {
	return s.react(ctx, func(f *forms) (batch, put string) { return f.reactToPost, f.putOnPost }, post, users, types)
}

func (s *Store) reactToComment(
	ctx context.Context, comment int64, users []int64, types []int16,
) (map[int64]reactionResult, error) {
	return s.react(ctx, func(f *forms) (batch, put string) { return f.reactToComment, f.putOnComment },
		comment, users, types)
}

// react runs the statement for a batch, or for a reaction that is put alone.
func (s *Store) react(
	ctx context.Context, choose func(*forms) (batch, put string), target int64, users []int64, types []int16,
) (map[int64]reactionResult, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reactTimeout)
	defer cancel()
	forms, err := s.forms(ctx)
	if err != nil {
		return nil, err
	}
	batch, put := choose(forms)
	statement, args := batch, []any{users, types, target}
	if len(users) == 1 && types[0] != cancelType {
		statement, args = put, []any{users[0], types[0], target}
	}
	var rows []reactionResult
	if err := s.hotPrimary.all(ctx, &rows, statement, args...); err != nil {
		return nil, fmt.Errorf("react to %d: %w", target, err)
	}
	results := make(map[int64]reactionResult, len(rows))
	for _, row := range rows {
		results[row.UserUID] = row
	}
	return results, nil
}
