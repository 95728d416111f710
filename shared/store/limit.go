package store

import (
	"context"
	"fmt"
	"time"
)

// A Limit allows Count requests per Period under one key.
type Limit struct {
	Key    string
	Count  int
	Period time.Duration
}

// TakeLimits counts one request against every limit and returns 0. If one of them is reached, it
// counts against none and returns how long the client has to wait. It is one statement, and exact
// across processes.
func (s *Store) TakeLimits(ctx context.Context, limits []Limit) (wait time.Duration, err error) {
	keys, counts, periods := make([]string, len(limits)), make([]int, len(limits)), make([]string, len(limits))
	for i, l := range limits {
		keys[i], counts[i], periods[i] = l.Key, l.Count, fmt.Sprintf("%d seconds", int(l.Period.Seconds()))
	}
	var seconds float64
	err = s.primary.one(ctx, &seconds, `
		SELECT extract(epoch FROM take_rate_limits($1, $2, $3::text[]::interval[]))::float8`, keys, counts, periods)
	if err != nil {
		return 0, fmt.Errorf("take rate limits: %w", err)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

// ReturnLimit takes back one request that TakeLimits counted.
func (s *Store) ReturnLimit(ctx context.Context, l Limit) error {
	_, err := s.primary.exec(ctx, `UPDATE rate_limits SET tat = tat - $2 * interval '1 second' WHERE key = $1`,
		l.Key, l.Period.Seconds()/float64(l.Count))
	if err != nil {
		return fmt.Errorf("return a rate limit: %w", err)
	}
	return nil
}

// PruneLimits deletes the limits that have long been unused, at most batch of them, and returns how
// many it deleted.
func (s *Store) PruneLimits(ctx context.Context, batch int) (deleted int64, err error) {
	return s.primary.exec(ctx, `
		DELETE FROM rate_limits WHERE key IN (
			SELECT key FROM rate_limits WHERE tat < now() - interval '10 minutes'
			LIMIT $1 FOR UPDATE SKIP LOCKED)`, batch)
}
