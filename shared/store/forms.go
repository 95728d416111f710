package store

import (
	"context"
	"fmt"
)

// forms are the statements that differ between plain PostgreSQL and Citus, where posts, with all that
// belongs to them, are distributed to several servers. The two forms of a statement have the same
// arguments, and return the same rows. On Citus most call a function of migrations/citus/functions.
type forms struct {
	createPost, deletePost                               string
	addComment, commentByID, lockComment, deleteComment  string
	reactToPost, putOnPost, reactToComment, putOnComment string
	sharedFeed, commentList, postReactionList            string
	snapshot, snapshotAndReactions                       string // empty on Citus: a snapshot is one server's
	readUnlocked                                         string
	pruneIdempotencyKeys                                 string
	sweepIdempotencyKeys, sweepNotifications             string
	sweepPostReactions, sweepCommentReactions            string
	sweepReactionsToPost, sweepReactionsToComment        string
	sweepComments, sweepPosts                            string
	sweepBatch                                           int // rows of a deleted account that one transaction deletes
}

var plainForms = forms{
	createPost: createPost, deletePost: deletePost,
	addComment: addComment, commentByID: commentByID, lockComment: lockComment, deleteComment: deleteComment,
	reactToPost: reactToPost, putOnPost: putOnPost, reactToComment: reactToComment, putOnComment: putOnComment,
	sharedFeed: sharedFeed, commentList: commentList, postReactionList: postReactionList,
	snapshot: snapshot, snapshotAndReactions: snapshotAndReactions,
	readUnlocked:         readUnlocked,
	pruneIdempotencyKeys: pruneIdempotencyKeys,
	sweepIdempotencyKeys: sweepIdempotencyKeys, sweepNotifications: sweepNotifications,
	sweepPostReactions: sweepPostReactions, sweepCommentReactions: sweepCommentReactions,
	sweepReactionsToPost: sweepReactionsToPost, sweepReactionsToComment: sweepReactionsToComment,
	sweepComments: deleteComments, sweepPosts: deletePosts,
	// With them it locks rows of other users, such as posts whose counters it decrements; at this size
	// the locks last less than about 50 ms.
	sweepBatch: 200,
}

var citusForms = forms{
	createPost:           `SELECT * FROM create_post($1, $2)`,
	deletePost:           `SELECT delete_post($1)`,
	addComment:           `SELECT * FROM add_comment($1, $2, $3)`,
	commentByID:          `SELECT * FROM read_comment($1, $2)`,
	lockComment:          `SELECT * FROM lock_comment($1)`,
	deleteComment:        `SELECT delete_comments(ARRAY[$1::bigint], ARRAY[$2::bigint])`,
	reactToPost:          `SELECT * FROM react_to_post($1, $2, $3)`,
	putOnPost:            `SELECT * FROM react_to_post(ARRAY[$1::bigint], ARRAY[$2::smallint], $3)`,
	reactToComment:       `SELECT * FROM react_to_comment($1, $2, $3)`,
	putOnComment:         `SELECT * FROM react_to_comment(ARRAY[$1::bigint], ARRAY[$2::smallint], $3)`,
	sharedFeed:           sharedFeedOnCitus,
	commentList:          commentListOnCitus,
	postReactionList:     postReactionListOnCitus,
	readUnlocked:         `SELECT read_unlocked($1, $2)`,
	pruneIdempotencyKeys: `SELECT FROM generate_series(1, prune_idempotency_keys($1))`,
	// What is left of one account is little by then, and a DELETE on several servers has no LIMIT.
	sweepIdempotencyKeys: `
		WITH deleted AS (DELETE FROM idempotency_keys WHERE user_uid = $1 AND $2::integer > 0 RETURNING 1)
		SELECT count(*) FROM deleted`,
	sweepNotifications: `
		WITH deleted AS (DELETE FROM notifications WHERE user_uid = $1 AND $2::integer > 0 RETURNING 1)
		SELECT count(*) FROM deleted`,
	sweepPostReactions:      `SELECT sweep_post_reactions($1, $2)`,
	sweepCommentReactions:   `SELECT sweep_comment_reactions($1, $2)`,
	sweepReactionsToPost:    `SELECT sweep_reactions_to_post($1, $2)`,
	sweepReactionsToComment: `SELECT sweep_reactions_to_comment($1, $2, $3)`,
	sweepComments:           `SELECT delete_comments($1, $2)`,
	sweepPosts:              `SELECT sweep_posts($1)`,
	// Each row takes some statements of its own.
	sweepBatch: 10,
}

// forms returns the statements' forms for the database. It looks once: a database is distributed while no
// function is connected to it. No transaction may call it: it takes a connection.
func (s *Store) forms(ctx context.Context) (*forms, error) {
	if known := s.knownForms.Load(); known != nil {
		return known, nil
	}
	distributed, err := isDistributed(ctx, s.primary.reader)
	if err != nil {
		return nil, err
	}
	known := &plainForms
	if distributed {
		known = &citusForms
	}
	s.knownForms.Store(known)
	return known, nil
}

// isDistributed reports whether people is a table, as on Citus. Elsewhere it is a view of users.
func isDistributed(ctx context.Context, r reader) (distributed bool, err error) {
	err = r.one(ctx, &distributed, `
		SELECT EXISTS (SELECT FROM pg_class
			WHERE relname = 'people' AND relnamespace = 'public'::regnamespace AND relkind = 'r')`)
	if err != nil {
		return false, fmt.Errorf("look whether the database is distributed: %w", err)
	}
	return distributed, nil
}
