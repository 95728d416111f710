package store

import (
	"context"
	"fmt"
	"time"
)

// Totals are the numbers of posts and users that clients can see.
type Totals struct {
	Posts    int64
	Users    int64
	NewPosts int64 // created since the given time
}

// Totals returns the totals, and how many posts were created at the given time or later: the start
// of a quarter hour within the last two days. The numbers are exact, and equal those of the rows
// at the same moment.
func (s *Store) Totals(ctx context.Context, since time.Time) (t Totals, err error) {
	const statement = `
		SELECT coalesce(sum(n) FILTER (WHERE what = 'posts'), 0)::bigint AS posts,
			coalesce(sum(n) FILTER (WHERE what = 'users'), 0)::bigint AS users,
			coalesce(sum(n) FILTER (WHERE what = 'posts' AND quarter >= $1), 0)::bigint AS new_posts
		FROM (SELECT what, quarter, n FROM totals UNION ALL SELECT what, quarter, n FROM total_changes) AS part`
	err = s.hotPrimary.one(ctx, &t, statement, since)
	if err != nil {
		return t, fmt.Errorf("read the totals: %w", err)
	}
	return t, nil
}
