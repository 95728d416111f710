package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// TemporaryPasswordLife is how long a temporary password can be used to sign in.
const TemporaryPasswordLife = 30 * time.Minute

// RequestTemporaryPassword stores a request for a temporary password, whether the account exists or
// not, so that both take the same time. Maintenance mails it. A request that waits already becomes
// due again.
func (s *Store) RequestTemporaryPassword(ctx context.Context, id string) error {
	_, err := s.primary.exec(ctx, `
		INSERT INTO temporary_password_requests (user_id) VALUES (lower($1))
		ON CONFLICT (user_id) DO UPDATE SET due_at = now(), attempts = 0, error = NULL`, id)
	if err != nil {
		return fmt.Errorf("request temporary password: %w", err)
	}
	return nil
}

// IssueTemporaryPassword makes a temporary password, which replaces an earlier one, and deletes the
// request for it. It returns a NotFound error if there is no such account.
func (s *Store) IssueTemporaryPassword(ctx context.Context, uid int64) (password string, expires time.Time, err error) {
	return s.issueTemporaryPassword(ctx, uid, true)
}

// IssueTemporaryPasswordForMail is IssueTemporaryPassword, but leaves the request to the caller,
// who deletes it when the mail has been sent.
func (s *Store) IssueTemporaryPasswordForMail(
	ctx context.Context, uid int64,
) (password string, expires time.Time, err error) {
	return s.issueTemporaryPassword(ctx, uid, false)
}

func (s *Store) issueTemporaryPassword(
	ctx context.Context, uid int64, settle bool,
) (password string, expires time.Time, err error) {
	password = newTemporaryPassword()
	// FOR SHARE waits for a concurrent password change or deletion of the account, which deletes
	// temporary passwords.
	err = s.primary.one(ctx, &expires, `
		WITH account AS (
			SELECT uid, lower(id) AS id FROM users WHERE uid = $1 AND deleted_at IS NULL FOR SHARE
		), settled AS (
			DELETE FROM temporary_password_requests r USING account WHERE r.user_id = account.id AND $4
		)
		INSERT INTO temporary_passwords (user_uid, hash, expires_at)
		SELECT uid, $2, now() + $3 * interval '1 second' FROM account
		ON CONFLICT (user_uid) DO UPDATE SET hash = $2, expires_at = excluded.expires_at
		RETURNING expires_at`, uid, hashSecret(password), TemporaryPasswordLife.Seconds(), settle)
	if errors.Is(err, sql.ErrNoRows) {
		return "", expires, errNoUser
	}
	if err != nil {
		return "", expires, fmt.Errorf("issue temporary password: %w", err)
	}
	return password, expires, nil
}

// deleteTemporaryPasswords deletes a user's temporary password and the request for one. The caller
// holds a lock of the user's row.
func deleteTemporaryPasswords(ctx context.Context, w writer, uid int64) error {
	_, err := w.exec(ctx, `
		WITH requested AS (
			DELETE FROM temporary_password_requests r USING users u WHERE u.uid = $1 AND r.user_id = lower(u.id)
		)
		DELETE FROM temporary_passwords WHERE user_uid = $1`, uid)
	if err != nil {
		return fmt.Errorf("delete temporary passwords: %w", err)
	}
	return nil
}

// PruneTemporaryPasswords deletes expired temporary passwords, at most batch of them, and returns
// how many it deleted.
func (s *Store) PruneTemporaryPasswords(ctx context.Context, batch int) (deleted int64, err error) {
	return s.prune(ctx, "temporary passwords", `
		DELETE FROM temporary_passwords WHERE user_uid IN (
			SELECT user_uid FROM temporary_passwords WHERE expires_at < now() LIMIT $1 FOR UPDATE SKIP LOCKED)`, batch)
}

// temporaryAlphabet has 32 characters that are hard to confuse: no i, l, o or u. It is Crockford's
// base32.
const temporaryAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// newTemporaryPassword returns 100 random bits as text that a person can type:
// "7k2m-x9qd-4hvt-c0fb-w3na".
func newTemporaryPassword() string {
	const groups, groupSize = 5, 4
	random := make([]byte, groups*groupSize)
	rand.Read(random) // never fails
	var password strings.Builder
	for i, b := range random {
		if i > 0 && i%groupSize == 0 {
			password.WriteByte('-')
		}
		password.WriteByte(temporaryAlphabet[b%32]) // 256 is a multiple of 32: all are equally likely
	}
	return password.String()
}
