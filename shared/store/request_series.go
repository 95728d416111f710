package store

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// RequestTimes are the requests of a step.
type RequestTimes struct {
	At       time.Time // the start of the step
	Requests int64
	Errors   int64 // with a status of 500 or above
	P50, P99 int   // the bins, from 1, of the median and of the 99th percentile
}

// A requestTimesPart is a step that is complete, or without Requests a part of one.
type requestTimesPart struct {
	RequestTimes `bun:"embed:"`
	Times        []int64 `bun:",array"` // the histogram of a part
}

// RequestSeries returns the requests from a time on, in steps of RequestStep or LongRequestStep,
// oldest first. The time is a multiple of the step. A step without measured requests is left out.
func (s *Store) RequestSeries(
	ctx context.Context, from time.Time, step time.Duration,
) (series []RequestTimes, err error) {
	// A step is in parts until none of its rows is in the inbox. Merging them here takes a third of the time that it
	// takes PostgreSQL.
	const statement = `
		WITH waiting AS MATERIALIZED (
			SELECT date_bin(make_interval(secs => $1), at, 'epoch') AS at, statuses, counts, times
			FROM request_inbox WHERE at >= $2
		), steps AS MATERIALIZED (SELECT DISTINCT at FROM waiting)
		SELECT at, requests, errors, p50, p99, NULL AS times FROM request_times
		WHERE step = $1 AND at >= $2 AND at <> ALL (ARRAY(SELECT at FROM steps))
		UNION ALL
		SELECT at, 0, errors, 0, 0, times FROM request_times WHERE step = $1 AND at IN (SELECT at FROM steps)
		UNION ALL
		SELECT at, 0, (SELECT coalesce(sum(n), 0)::bigint FROM unnest(statuses, counts) AS r (s, n) WHERE s >= 500),
			0, 0, times
		FROM waiting`
	var parts []requestTimesPart
	if err := s.hotPrimary.all(ctx, &parts, statement, int(step.Seconds()), from); err != nil {
		return nil, fmt.Errorf("read the times of requests: %w", err)
	}
	return mergeParts(parts), nil
}

// mergeParts returns the complete steps and the sums of the parts, oldest first.
func mergeParts(parts []requestTimesPart) []RequestTimes {
	series := make([]RequestTimes, 0, len(parts))
	merged := make(map[int64]*requestTimesPart)
	for _, part := range parts {
		at := part.At.UnixMicro()
		switch sum := merged[at]; {
		case part.Requests > 0:
			series = append(series, part.RequestTimes)
		case sum == nil:
			merged[at] = &part
		default:
			sum.add(part)
		}
	}
	for _, sum := range merged {
		for _, n := range sum.Times {
			sum.Requests += n
		}
		if sum.Requests > 0 {
			sum.P50, sum.P99 = sum.percentile(50), sum.percentile(99)
			series = append(series, sum.RequestTimes)
		}
	}
	slices.SortFunc(series, func(a, b RequestTimes) int { return a.At.Compare(b.At) })
	return series
}

// add adds another part of the same step.
func (p *requestTimesPart) add(other requestTimesPart) {
	p.Errors += other.Errors
	if missing := len(other.Times) - len(p.Times); missing > 0 {
		p.Times = append(p.Times, make([]int64, missing)...)
	}
	for i, n := range other.Times {
		p.Times[i] += n
	}
}

// percentile returns the bin, from 1, of the time that percent % of all times do not exceed. It is
// percentile_bin of migration 0004, and needs at least one time.
func (p *requestTimesPart) percentile(percent int64) int {
	rank := (p.Requests*percent + 99) / 100 // rounded up
	for i, n := range p.Times {
		if rank -= n; rank <= 0 {
			return i + 1
		}
	}
	return 0
}
