package main

import (
	"context"
	"database/sql"
	"fmt"

	"minifb/shared/ops/invariants"
)

// An invariant is a query that returns one text for each violation.
type invariant struct{ name, query string }

var checks = []invariant{
	{"the counters equal their rows", invariants.Counters},
	{"the notifications match the comments and reactions", invariants.Notifications},
	// Foreign keys ensure this, unless a migration drops one.
	{"all rows refer to posts and comments that exist", `
		SELECT 'comment ' || c.id FROM comments c WHERE NOT EXISTS (SELECT FROM posts p WHERE p.id = c.post_id)
		UNION ALL SELECT format('reaction to post %s', r.post_id) FROM post_reactions r
			WHERE NOT EXISTS (SELECT FROM posts p WHERE p.id = r.post_id)
		UNION ALL SELECT format('reaction to comment %s', r.comment_id) FROM comment_reactions r
			WHERE NOT EXISTS (SELECT FROM comments c WHERE (c.post_id, c.id) = (r.post_id, r.comment_id))
		UNION ALL SELECT 'notification ' || n.id FROM notifications n
			WHERE NOT EXISTS (SELECT FROM posts p WHERE p.id = n.post_id)`},
	// The first word of a comment is unique to the request that created it.
	{"no comment is stored twice", `
		SELECT format('%s is stored %s times', split_part(content, ' ', 1), count(*)) FROM comments
		GROUP BY split_part(content, ' ', 1) HAVING count(*) > 1`},
}

// verify reports violations in the database and in the logs.
func (s *stress) verify(ctx context.Context, workers []*worker) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	defer conn.Close()
	for _, c := range checks {
		violations, err := selectTexts(ctx, conn, c.query)
		if err != nil {
			return fmt.Errorf("verify that %s: %w", c.name, err)
		}
		for _, v := range violations {
			s.addViolation("violated: %s: %s", c.name, v)
		}
	}
	if err := s.verifyWrites(ctx, workers); err != nil {
		return err
	}
	return s.verifyLogs()
}

// verifyWrites reports acknowledged writes that the database does not have, and rows whose
// deletion was acknowledged.
func (s *stress) verifyWrites(ctx context.Context, workers []*worker) error {
	posts, err := selectRows(ctx, s.db, `SELECT id, 0, '' FROM posts`)
	if err != nil {
		return err
	}
	comments, err := selectRows(ctx, s.db, `SELECT id, 0, content FROM comments`)
	if err != nil {
		return err
	}
	reactions, err := selectRows(ctx, s.db, `SELECT post_id, user_uid, type::text FROM post_reactions`)
	if err != nil {
		return err
	}
	commentReactions, err := selectRows(ctx, s.db, `SELECT comment_id, user_uid, type::text FROM comment_reactions`)
	if err != nil {
		return err
	}
	for _, p := range s.all {
		s.checkExists("post", rowKey{p.id, 0}, posts, &p.deletion)
	}
	for _, w := range workers {
		for _, c := range w.written {
			s.checkExists("comment", rowKey{c.id, 0}, comments, &c.deletion, &c.on.deletion)
			if text, ok := comments[rowKey{c.id, 0}]; ok && !c.text.allows(text) {
				s.addViolation("lost: comment %d is %q, and %q was acknowledged", c.id, text, c.text.value)
			}
		}
		s.checkReactions("post", w.reactions, posts, reactions)
		s.checkReactions("comment", w.commentReactions, comments, commentReactions)
	}
	return nil
}

// checkExists reports a row that is missing, or that exists after its deletion was acknowledged.
// The deletions are those of the row and of the row that it belongs to.
func (s *stress) checkExists(kind string, key rowKey, rows map[rowKey]string, deletions ...*deletion) {
	_, exists := rows[key]
	requested, acknowledged := false, false
	for _, d := range deletions {
		requested = requested || d.requested.Load()
		acknowledged = acknowledged || d.acknowledged.Load()
	}
	switch {
	case acknowledged && exists:
		s.addViolation("not deleted: the deletion of %s %d was acknowledged, but it exists", kind, key.id)
	case !requested && !exists:
		s.addViolation("lost: %s %d was acknowledged, but it does not exist", kind, key.id)
	}
}

// checkReactions compares the reactions to posts or comments that exist with the expected ones.
func (s *stress) checkReactions(
	kind string, states map[reactionKey]*expected[int], existing, reactions map[rowKey]string,
) {
	for key, state := range states {
		if _, exists := existing[rowKey{key.id, 0}]; !exists {
			continue
		}
		stored := 0
		if text := reactions[rowKey{key.id, key.user.uid}]; text != "" {
			stored = int(text[0] - '0')
		}
		if !state.allows(stored) {
			s.addViolation("lost: the reaction of user %d to %s %d is %d, and %d was acknowledged (0: none)",
				key.user.uid, kind, key.id, stored, state.value)
		}
	}
}

type rowKey struct{ id, user int64 }

// selectRows returns the texts that a query selects after an id and a user.
func selectRows(ctx context.Context, db *sql.DB, query string) (map[rowKey]string, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	defer rows.Close()
	texts := map[rowKey]string{}
	for rows.Next() {
		var key rowKey
		var text string
		if err := rows.Scan(&key.id, &key.user, &text); err != nil {
			return nil, fmt.Errorf("%s: %w", query, err)
		}
		texts[key] = text
	}
	return texts, rows.Err()
}

// selectTexts returns the only column that a query selects.
func selectTexts(ctx context.Context, conn *sql.Conn, query string) (texts []string, err error) {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, rows.Err()
}
