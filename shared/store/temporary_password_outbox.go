package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const (
	// claimLife is how long a request is claimed for before its mail is begun. A process that dies
	// in between leaves it to another one after that.
	claimLife = 2 * time.Minute
	// maxMailAttempts is how many mails are tried for a request. By then a day has passed: the
	// pauses between them are 1, 2, 4, 8, 16 and 32 minutes, and then an hour each.
	maxMailAttempts = 30
)

// A MailRequest is a request for a temporary password that this process has claimed, with the
// account that it is for.
type MailRequest struct {
	ID       int64
	Attempts int       // this one included
	DueAt    time.Time // proves the claim: every change of the request sets another time
	UserUID  int64
	UserID   string // as signed up
	Name     string
	Email    string
}

// SettleTemporaryPasswordRequests deletes the due requests for IDs that no account has, and leaves
// to an administrator those that cannot be mailed: for accounts without an email, and all if no
// mail can be sent. It changes at most batch of each, and returns how many.
func (s *Store) SettleTemporaryPasswordRequests(
	ctx context.Context, canMail bool, batch int,
) (settled int64, err error) {
	err = s.primary.one(ctx, &settled, `
		WITH due AS MATERIALIZED (
			SELECT id, user_id FROM temporary_password_requests
			WHERE due_at <= now() ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
		), known AS MATERIALIZED (
			SELECT due.id, u.email FROM due JOIN users u ON lower(u.id) = due.user_id AND u.deleted_at IS NULL
		), deleted AS (
			DELETE FROM temporary_password_requests
			WHERE id IN (SELECT id FROM due EXCEPT SELECT id FROM known) RETURNING id
		), standing AS (
			UPDATE temporary_password_requests r SET due_at = 'infinity',
				error = CASE WHEN $1 THEN 'the account has no email' ELSE 'mail is not configured' END
			FROM known WHERE r.id = known.id AND (known.email IS NULL OR NOT $1) RETURNING r.id
		)
		SELECT (SELECT count(*) FROM deleted) + (SELECT count(*) FROM standing)`, canMail, batch)
	if err != nil {
		return 0, fmt.Errorf("settle requests for temporary passwords: %w", err)
	}
	return settled, nil
}

// ClaimTemporaryPasswordRequest claims the request that has been due longest, and reports whether
// there is one. No other process gets it before claimLife has passed.
func (s *Store) ClaimTemporaryPasswordRequest(ctx context.Context) (request MailRequest, found bool, err error) {
	err = s.primary.one(ctx, &request, `
		WITH due AS MATERIALIZED (
			SELECT r.id, u.uid AS user_uid, u.id AS user_id, u.name, u.email
			FROM temporary_password_requests r
			JOIN users u ON lower(u.id) = r.user_id AND u.deleted_at IS NULL AND u.email IS NOT NULL
			WHERE r.due_at <= now() ORDER BY r.due_at LIMIT 1 FOR UPDATE OF r SKIP LOCKED
		)
		UPDATE temporary_password_requests r
		SET attempts = attempts + 1, due_at = now() + $1 * interval '1 second'
		FROM due WHERE r.id = due.id
		RETURNING r.id, r.attempts, r.due_at, due.user_uid, due.user_id, due.name, due.email`, claimLife.Seconds())
	if errors.Is(err, sql.ErrNoRows) {
		return request, false, nil
	}
	if err != nil {
		return request, false, fmt.Errorf("claim a request for a temporary password: %w", err)
	}
	return request, true, nil
}

// BeginTemporaryPasswordMail makes the temporary password that is to be mailed for a claimed
// request. From then on no other process gets the request before the temporary password has
// expired: if this one dies, the mail may have been delivered. BeginTemporaryPasswordMail
// reports false if the request is no longer claimed, or the account has been deleted.
func (s *Store) BeginTemporaryPasswordMail(
	ctx context.Context, request *MailRequest,
) (password string, expires time.Time, claimed bool, err error) {
	password, expires, err = s.IssueTemporaryPasswordForMail(ctx, request.UserUID)
	if errors.Is(err, errNoUser) {
		return "", expires, false, nil
	}
	if err != nil {
		return "", expires, false, err
	}
	changed, err := s.primary.exec(ctx, `
		UPDATE temporary_password_requests SET due_at = $3 WHERE id = $1 AND due_at = $2`,
		request.ID, request.DueAt, expires)
	if err != nil {
		return "", expires, false, fmt.Errorf("begin the mail of a temporary password: %w", err)
	}
	request.DueAt = expires
	return password, expires, changed == 1, nil
}

// CompleteTemporaryPasswordRequest deletes a request whose mail has been sent, unless there was
// another request for the account meanwhile.
func (s *Store) CompleteTemporaryPasswordRequest(ctx context.Context, request MailRequest) error {
	_, err := s.primary.exec(ctx, `
		DELETE FROM temporary_password_requests WHERE id = $1 AND due_at = $2`, request.ID, request.DueAt)
	if err != nil {
		return fmt.Errorf("complete a request for a temporary password: %w", err)
	}
	return nil
}

// A Retry says when a mail that failed is tried again.
type Retry int

// RetryLater is with increasing pauses, RetryWhenExpired when the mailed temporary password has
// expired, because that mail may have been delivered, and RetryNever leaves the request to an
// administrator.
const (
	RetryLater Retry = iota
	RetryWhenExpired
	RetryNever
)

// FailTemporaryPasswordRequest stores why the mail for a request failed, and when the next one is
// due. After maxMailAttempts there is none.
func (s *Store) FailTemporaryPasswordRequest(
	ctx context.Context, request MailRequest, retry Retry, reason string,
) error {
	if request.Attempts >= maxMailAttempts {
		retry = RetryNever
	}
	_, err := s.primary.exec(ctx, `
		UPDATE temporary_password_requests SET error = $3, due_at = CASE $4::int
			WHEN $5 THEN now() + least(interval '1 hour', interval '1 minute' * 2 ^ (attempts - 1))
			WHEN $6 THEN due_at
			ELSE 'infinity' END
		WHERE id = $1 AND due_at = $2`,
		request.ID, request.DueAt, reason, int(retry), int(RetryLater), int(RetryWhenExpired))
	if err != nil {
		return fmt.Errorf("store the failure of a mail: %w", err)
	}
	return nil
}
