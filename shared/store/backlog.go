package store

import (
	"context"
	"fmt"
	"time"
)

// A Backlog is what waits for maintenance.
type Backlog struct {
	MailsDue        int64         // requests for temporary passwords whose mail is due
	MailsStanding   int64         // requests that wait for an administrator
	OldestMail      time.Duration // since the oldest request that still waits for its mail was made; 0 without one
	DeletedAccounts int64         // accounts whose rows are not yet deleted
}

// Backlog returns what waits for maintenance.
func (s *Store) Backlog(ctx context.Context) (Backlog, error) {
	var row struct {
		Due, Standing, Accounts int64
		Oldest                  float64
	}
	err := s.primary.one(ctx, &row, `
		SELECT count(*) FILTER (WHERE due_at <= now()) AS due,
			count(*) FILTER (WHERE due_at = 'infinity') AS standing,
			coalesce(extract(epoch FROM now() - min(created_at) FILTER (WHERE due_at < 'infinity')), 0)::float8
				AS oldest,
			(SELECT count(*) FROM users WHERE deleted_at IS NOT NULL) AS accounts
		FROM temporary_password_requests`)
	if err != nil {
		return Backlog{}, fmt.Errorf("read the backlog: %w", err)
	}
	return Backlog{
		MailsDue: row.Due, MailsStanding: row.Standing, DeletedAccounts: row.Accounts,
		OldestMail: time.Duration(row.Oldest * float64(time.Second)),
	}, nil
}
