package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// RequestStep is the time that one RequestBatch covers.
const RequestStep = 10 * time.Second

// LongRequestStep is the step of RequestSeries for more than an hour.
const LongRequestStep = 5 * time.Minute

// An Endpoint is what requests are counted by. Requests without a route have the method * and the
// path other.
type Endpoint struct {
	Method string
	Path   string // a route's pattern, such as /post/{id}
	Status int
}

// A RequestBatch counts requests whose responses were sent within one RequestStep.
type RequestBatch struct {
	At     time.Time // the start of the step, a multiple of RequestStep
	Counts map[Endpoint]int64
	Times  []int64 // a histogram: element i counts the requests whose time is in bin i
}

// addRequests adds a batch only if the writer's position is $2, and moves that to $3. A writer that
// is not known is at any position: it may have been pruned.
const addRequests = `
	WITH advanced AS (
		INSERT INTO request_writers AS w (writer, position) VALUES ($1, $3)
		ON CONFLICT (writer) DO UPDATE SET position = excluded.position, seen_at = now() WHERE w.position = $2
		RETURNING true
	)
	INSERT INTO request_inbox (at, methods, paths, statuses, counts, times)
	SELECT $4::timestamptz, $5::text[], $6::text[], $7::smallint[], $8::bigint[],
		coalesce($9::bigint[], '{}')
	FROM advanced`

// AddRequests adds a batch of a writer, which has read or numbered its batches from one position to
// the next. If the writer is no longer at the first position it adds nothing: the batch was added
// before. So a batch whose outcome is not known is sent again, and counts once. The positions of a
// writer only grow.
func (s *Store) AddRequests(
	ctx context.Context, writer string, from, to int64, b RequestBatch,
) (added bool, err error) {
	var methods, paths []string
	var statuses []int16
	var counts []int64
	for endpoint, n := range b.Counts {
		methods, paths = append(methods, endpoint.Method), append(paths, endpoint.Path)
		statuses, counts = append(statuses, int16(endpoint.Status)), append(counts, n) //nolint:gosec // at most 999
	}
	rows, err := s.hotPrimary.exec(ctx, addRequests, writer, from, to, b.At, methods, paths, statuses, counts, b.Times)
	if err != nil {
		return false, fmt.Errorf("add counted requests: %w", err)
	}
	return rows > 0, nil
}

// RequestPosition returns the position of a writer, or 0 if it is not known.
func (s *Store) RequestPosition(ctx context.Context, writer string) (position int64, err error) {
	err = s.primary.one(ctx, &position, `SELECT position FROM request_writers WHERE writer = $1`, writer)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the position of a log: %w", err)
	}
	return position, nil
}

// An EndpointCount is how many requests an endpoint has had with one status.
type EndpointCount struct {
	Method string
	Path   string
	Status int
	N      int64
	Last   int64 // how many of them in one step
}

// RequestCounts returns how many requests there were from a time on and in one step since then, by
// endpoint and status. Both times are multiples of RequestStep.
func (s *Store) RequestCounts(ctx context.Context, from, last time.Time) (counts []EndpointCount, err error) {
	const statement = `
		SELECT method, path, status, sum(n)::bigint AS n, sum(last)::bigint AS last FROM (
			SELECT method, path, status, n, 0 AS last FROM request_counts WHERE step = 10 AND at >= $1 AND at < $2
			UNION ALL
			SELECT method, path, status, n, 0 FROM request_counts WHERE step = 300 AND at >= $2 AND at < $3
			UNION ALL
			SELECT method, path, status, n, 0 FROM request_counts WHERE step = 3600 AND at >= $3
			UNION ALL
			SELECT method, path, status, 0, n FROM request_counts WHERE step = 10 AND at = $4
			UNION ALL
			SELECT r.method, r.path, r.status, r.n, CASE WHEN at = $4 THEN r.n ELSE 0 END
			FROM request_inbox, unnest(methods, paths, statuses, counts) AS r (method, path, status, n) WHERE at >= $1
		) AS part
		GROUP BY method, path, status`
	err = s.hotPrimary.all(ctx, &counts, statement,
		from, roundUp(from, LongRequestStep), roundUp(from, time.Hour), last)
	if err != nil {
		return nil, fmt.Errorf("read the counts of requests: %w", err)
	}
	return counts, nil
}

func roundUp(t time.Time, step time.Duration) time.Time {
	if down := t.Truncate(step); down.Before(t) {
		return down.Add(step)
	}
	return t
}
