package store

import (
	"context"
	"fmt"
)

// DeleteAccount deletes the account whose credential was checked. By the same commit its personal
// data is erased, its sessions are revoked, its ID is free, and everything that it created becomes
// invisible. Sweep deletes the rows later, so the time that DeleteAccount takes does not depend on
// their number. It returns a Forbidden error if the password has changed since the check.
func (s *Store) DeleteAccount(ctx context.Context, checked Credential) error {
	return s.inTx(ctx, func(ctx context.Context, tx transaction) error {
		// FOR UPDATE waits for concurrent writes of this user. Later ones see that the account is
		// deleted. No password verifies against what replaces the hash.
		deleted, err := tx.exec(ctx, `
			WITH u AS (SELECT uid FROM users WHERE uid = $1 AND password_hash = $2 AND deleted_at IS NULL FOR UPDATE)
			UPDATE users SET deleted_at = now(), password_hash = 'deleted account', name = 'deleted',
				nickname = NULL, intro = NULL, email = NULL
			FROM u WHERE users.uid = u.uid`, checked.UID, checked.Hash)
		if err != nil {
			return fmt.Errorf("delete account: %w", err)
		}
		if deleted == 0 {
			return errCredentialChanged
		}
		if err := deleteTemporaryPasswords(ctx, tx.writer, checked.UID); err != nil {
			return err
		}
		return revokeOtherSessions(ctx, tx.writer, checked.UID, "")
	})
}

// DeletedAccounts returns how many deleted accounts have rows that Sweep has not deleted yet.
func (s *Store) DeletedAccounts(ctx context.Context) (count int64, err error) {
	err = s.primary.one(ctx, &count, `SELECT count(*) FROM users WHERE deleted_at IS NOT NULL`)
	if err != nil {
		return 0, fmt.Errorf("count deleted accounts: %w", err)
	}
	return count, nil
}
