package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"minifb/shared/ops/invariants"
)

// An invariant is a query that returns one text for each violation.
type invariant struct {
	name, query string
	args        []any
}

// checks compare all rows of the database, of whatever run, except for the last one.
func (s *stress) checks() []invariant {
	return []invariant{
		{name: "the counters equal their rows", query: invariants.Counters},
		{name: "the notifications match the comments and reactions", query: invariants.Notifications},
		// Foreign keys ensure this, unless a migration drops one.
		{name: "all rows refer to posts and comments that exist", query: `
			SELECT 'comment ' || c.id FROM comments c WHERE NOT EXISTS (SELECT FROM posts p WHERE p.id = c.post_id)
			UNION ALL SELECT format('reaction to post %s', r.post_id) FROM post_reactions r
				WHERE NOT EXISTS (SELECT FROM posts p WHERE p.id = r.post_id)
			UNION ALL SELECT format('reaction to comment %s', r.comment_id) FROM comment_reactions r
				WHERE NOT EXISTS (SELECT FROM comments c WHERE (c.post_id, c.id) = (r.post_id, r.comment_id))
			UNION ALL SELECT 'notification ' || n.id FROM notifications n
				WHERE NOT EXISTS (SELECT FROM posts p WHERE p.id = n.post_id)`},
		{name: "no comment is stored twice", args: []any{s.textPrefix()}, query: `
			WITH stored AS MATERIALIZED (
				SELECT split_part(content, ' ', 1) AS first FROM comments WHERE starts_with(content, $1)
			)
			SELECT format('%s is stored %s times', first, count(*)) FROM stored GROUP BY first HAVING count(*) > 1`},
	}
}

// textPrefix begins the comments of the run. The first word of each is unique to the request that created it.
func (s *stress) textPrefix() string { return s.name + "/" }

// violated returns what the database violates.
func (s *stress) violated(ctx context.Context) (violations []string, err error) {
	for _, c := range s.checks() {
		texts, err := selectTexts(ctx, s.db, c.query, c.args...)
		if err != nil {
			return nil, fmt.Errorf("verify that %s: %w", c.name, err)
		}
		for _, text := range texts {
			violations = append(violations, c.name+": "+text)
		}
	}
	return violations, nil
}

// examine looks at a database that may have rows of others. It is an error if they violate a check already, as the run
// could not tell that from a violation of its own.
func (s *stress) examine(ctx context.Context) error {
	violations, err := s.violated(ctx)
	if err != nil {
		return err
	}
	if len(violations) > 0 {
		return fmt.Errorf("the database violates %d checks before the run, and so cannot be used; the first: %s",
			len(violations), violations[0])
	}
	if s.database.Functions == "" {
		return nil
	}
	fmt.Fprintf(s.output, "The run adds users to the database, whose IDs begin with %s and which stay there.\n",
		s.userPrefix())
	if s.deadlocks, err = s.countDeadlocks(ctx); err != nil {
		return err
	}
	s.skew, err = s.clockSkew(ctx)
	return err
}

// countDeadlocks returns how many deadlocks PostgreSQL has ever detected in the database.
func (s *stress) countDeadlocks(ctx context.Context) (n int64, err error) {
	const query = `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`
	if err := s.db.QueryRowContext(ctx, query).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the deadlocks: %w", err)
	}
	return n, nil
}

// clockSkew returns how much PostgreSQL's clock is ahead of this machine's.
func (s *stress) clockSkew(ctx context.Context) (skew time.Duration, err error) {
	const tries = 10
	shortest := time.Hour
	for range tries {
		var theirs time.Time
		begun := time.Now()
		if err := s.db.QueryRowContext(ctx, `SELECT clock_timestamp()`).Scan(&theirs); err != nil {
			return 0, fmt.Errorf("read PostgreSQL's clock: %w", err)
		}
		if took := time.Since(begun); took < shortest {
			shortest, skew = took, theirs.Sub(begun.Add(took/2))
		}
	}
	return skew, nil
}

// verify reports violations in the database and in the logs.
func (s *stress) verify(ctx context.Context, workers []*worker) error {
	violations, err := s.violated(ctx)
	if err != nil {
		return err
	}
	for _, v := range violations {
		s.addViolation("violated: %s", v)
	}
	if err := s.verifyWrites(ctx, workers); err != nil {
		return err
	}
	return s.verifyLogs(ctx)
}

// verifyWrites reports acknowledged writes that the database does not have, and rows whose
// deletion was acknowledged.
func (s *stress) verifyWrites(ctx context.Context, workers []*worker) error {
	var rows [4]map[rowKey]string
	for i, query := range []string{
		`SELECT r.id, 0, '' FROM posts r JOIN users u ON u.uid = r.owner_uid WHERE starts_with(u.id, $1)`,
		`SELECT r.id, 0, r.content FROM comments r JOIN users u ON u.uid = r.owner_uid WHERE starts_with(u.id, $1)`,
		`SELECT r.post_id, r.user_uid, r.type::text FROM post_reactions r
			JOIN users u ON u.uid = r.user_uid WHERE starts_with(u.id, $1)`,
		`SELECT r.comment_id, r.user_uid, r.type::text FROM comment_reactions r
			JOIN users u ON u.uid = r.user_uid WHERE starts_with(u.id, $1)`,
	} {
		var err error
		if rows[i], err = selectRows(ctx, s.db, query, s.userPrefix()); err != nil {
			return err
		}
	}
	posts, comments, reactions, commentReactions := rows[0], rows[1], rows[2], rows[3]
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
func selectRows(ctx context.Context, db *sql.DB, query string, args ...any) (map[rowKey]string, error) {
	rows, err := db.QueryContext(ctx, query, args...)
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

// A queryer is a pool, or one of its connections.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// selectTexts returns the only column that a query selects.
func selectTexts(ctx context.Context, on queryer, query string, args ...any) (texts []string, err error) {
	rows, err := on.QueryContext(ctx, query, args...)
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
