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
	Statuses     []int64 `bun:",array"` // of a part that is in the inbox
	Counts       []int64 `bun:",array"` // by status
}

// RequestSeries returns the requests from a time on, in steps of RequestStep or LongRequestStep,
// oldest first. The time is a multiple of the step. A step without measured requests is left out.
func (s *Store) RequestSeries(
	ctx context.Context, from time.Time, step time.Duration,
) (series []RequestTimes, err error) {
	// A step is in parts until none of its rows is in the inbox. Merging them here takes a third of the time that it
	// takes PostgreSQL.
	const statement = `
		SELECT at, requests, errors, p50, p99,
			NULL::bigint[] AS times, NULL::smallint[] AS statuses, NULL::bigint[] AS counts
		FROM request_times WHERE step = $1 AND at >= $2 AND requests > 0
		UNION ALL
		SELECT at, 0, errors, 0, 0, times, NULL, NULL FROM request_times WHERE step = $1 AND at = ANY (ARRAY(
			SELECT DISTINCT date_bin(make_interval(secs => $1), at, 'epoch') FROM request_inbox WHERE at >= $2
		))
		UNION ALL
		SELECT at, 0, 0, 0, 0, times, statuses, counts FROM request_inbox WHERE at >= $2`
	var parts []requestTimesPart
	if err := s.hotPrimary.all(ctx, &parts, statement, int(step.Seconds()), from); err != nil {
		return nil, fmt.Errorf("read the times of requests: %w", err)
	}
	return mergeParts(parts, step), nil
}

// mergeParts returns the sums of the parts, and the complete steps of which there are no parts, oldest first.
func mergeParts(parts []requestTimesPart, step time.Duration) []RequestTimes {
	merged := make(map[int64]*requestTimesPart)
	for _, part := range parts {
		if part.Requests > 0 {
			continue
		}
		for i, status := range part.Statuses {
			if status >= 500 {
				part.Errors += part.Counts[i]
			}
		}
		part.At = part.At.Truncate(step)
		if sum := merged[part.At.Unix()]; sum != nil {
			sum.add(part)
		} else {
			merged[part.At.Unix()] = &part
		}
	}
	series := make([]RequestTimes, 0, len(parts))
	for _, part := range parts {
		if part.Requests > 0 && merged[part.At.Unix()] == nil {
			series = append(series, part.RequestTimes)
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
