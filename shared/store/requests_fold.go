package store

import (
	"context"
	"fmt"
)

// foldRequests moves up to $1 rows of the inbox into the steps that readers use. Rows are changed in
// the order of their keys.
const foldRequests = `
	WITH taken AS MATERIALIZED (
		DELETE FROM request_inbox WHERE id IN (
			SELECT id FROM request_inbox ORDER BY id LIMIT $1)
		RETURNING id, at, methods, paths, statuses, counts, times
	), stepped AS MATERIALIZED (
		SELECT step, date_bin(make_interval(secs => step), at, 'epoch') AS at,
			methods, paths, statuses, counts, times
		FROM taken, (VALUES (10), (300), (3600)) AS steps (step)
	), counted AS (
		INSERT INTO request_counts AS c (step, at, method, path, status, n)
		SELECT step, at, r.method, r.path, r.status, sum(r.n)
		FROM stepped, unnest(methods, paths, statuses, counts) AS r (method, path, status, n)
		GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
		ON CONFLICT (step, at, method, path, status) DO UPDATE SET n = c.n + excluded.n
	), timed AS (
		INSERT INTO request_times AS t (step, at, errors, times)
		SELECT e.step, e.at, e.errors, h.times
		FROM (
			SELECT step, at, coalesce(sum(r.n) FILTER (WHERE r.status >= 500), 0) AS errors
			FROM stepped, unnest(statuses, counts) AS r (status, n) GROUP BY 1, 2
		) AS e
		JOIN (
			SELECT step, at, array_agg(n ORDER BY bin) AS times
			FROM (
				SELECT step, at, bin, sum(n)::bigint AS n
				FROM stepped, unnest(times) WITH ORDINALITY AS b (n, bin) GROUP BY 1, 2, 3
			) AS bins
			GROUP BY 1, 2
		) AS h USING (step, at)
		ORDER BY 1, 2
		ON CONFLICT (step, at) DO UPDATE SET errors = t.errors + excluded.errors, times = ARRAY(
			SELECT coalesce(a, 0) + coalesce(b, 0)
			FROM unnest(t.times, excluded.times) WITH ORDINALITY AS both_times (a, b, bin) ORDER BY bin)
	)
	SELECT count(*) FROM taken`

// FoldRequests moves at most batch batches of counted requests from the inbox into the sums that
// readers use, and returns how many it moved. Readers see the same numbers before and after.
func (s *Store) FoldRequests(ctx context.Context, batch int) (moved int64, err error) {
	return s.fold(ctx, "requests", foldRequests, batch)
}

// foldTotals moves up to $1 changes into the totals, and the totals of old quarter hours into one.
const foldTotals = `
	WITH taken AS (
		DELETE FROM total_changes WHERE id IN (
			SELECT id FROM total_changes ORDER BY id LIMIT $1)
		RETURNING what, quarter, n
	), old AS (
		DELETE FROM totals WHERE quarter > '-infinity' AND quarter < now() - interval '50 hours'
		RETURNING what, quarter, n
	), moved AS (
		INSERT INTO totals AS t (what, quarter, n)
		SELECT what, CASE WHEN quarter < now() - interval '50 hours' THEN '-infinity' ELSE quarter END, sum(n)
		FROM (SELECT what, quarter, n FROM taken UNION ALL SELECT what, quarter, n FROM old) AS part
		GROUP BY 1, 2 ORDER BY 1, 2
		ON CONFLICT (what, quarter) DO UPDATE SET n = t.n + excluded.n
	)
	SELECT count(*) FROM taken`

// FoldTotals moves at most batch changes of the numbers of posts and users into the totals, and
// returns how many it moved. Readers see the same numbers before and after.
func (s *Store) FoldTotals(ctx context.Context, batch int) (moved int64, err error) {
	return s.fold(ctx, "totals", foldTotals, batch)
}

// foldLock is the number of the advisory lock that a fold holds until its commit. So no two take the same rows.
const foldLock = 6_469_103

// fold runs a statement that moves rows, unless another process does.
func (s *Store) fold(ctx context.Context, what, statement string, batch int) (moved int64, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx transaction) error {
		var locked bool
		err := tx.one(ctx, &locked, `SELECT pg_try_advisory_xact_lock($1)`, foldLock)
		if err != nil || !locked {
			return err
		}
		return tx.one(ctx, &moved, statement, batch)
	})
	if err != nil {
		return 0, fmt.Errorf("fold %s: %w", what, err)
	}
	return moved, nil
}

// PruneRequests deletes counts of requests that are older than 48 hours, at most batch rows of each
// kind, and returns how many it deleted.
func (s *Store) PruneRequests(ctx context.Context, batch int) (deleted int64, err error) {
	return s.prune(ctx, "counts of requests", `
		WITH counts AS (
			DELETE FROM request_counts WHERE ctid = ANY (ARRAY(
				SELECT ctid FROM request_counts
				WHERE step = ANY ('{10,300,3600}') AND at < now() - interval '48 hours'
				LIMIT $1 FOR UPDATE SKIP LOCKED))
			RETURNING 1
		), times AS (
			DELETE FROM request_times WHERE ctid = ANY (ARRAY(
				SELECT ctid FROM request_times
				WHERE step = ANY ('{10,300,3600}') AND at < now() - interval '48 hours'
				LIMIT $1 FOR UPDATE SKIP LOCKED))
			RETURNING 1
		)
		SELECT FROM counts UNION ALL SELECT FROM times`, batch)
}

// PruneRequestWriters forgets the writers that have added nothing for three days, at most batch of
// them, and returns how many it forgot. By then no count of theirs would be shown.
func (s *Store) PruneRequestWriters(ctx context.Context, batch int) (deleted int64, err error) {
	return s.prune(ctx, "writers of counts", `
		DELETE FROM request_writers WHERE writer IN (
			SELECT writer FROM request_writers WHERE seen_at < now() - interval '3 days'
			LIMIT $1 FOR UPDATE SKIP LOCKED)`, batch)
}
