package store

import (
	"context"
	"fmt"
)

// DeleteAccount deletes the account whose credential was checked. By the same commit its sessions
// are revoked, its ID is free, and everything that it created becomes invisible. Sweep deletes the
// rows later. DeleteAccount returns a Forbidden error if the password has changed since the check.
func (s *Store) DeleteAccount(ctx context.Context, checked Credential) error {
	return s.inTx(ctx, func(ctx context.Context, tx transaction) error {
		// FOR UPDATE waits for concurrent writes of this user. Later ones see that the account is
		// deleted.
		deleted, err := tx.exec(ctx, `
			WITH u AS (SELECT uid FROM users WHERE uid = $1 AND password_hash = $2 AND deleted_at IS NULL FOR UPDATE)
			UPDATE users SET deleted_at = now() FROM u WHERE users.uid = u.uid`, checked.UID, checked.Hash)
		if err != nil {
			return fmt.Errorf("delete account: %w", err)
		}
		if deleted == 0 {
			return errCredentialChanged
		}
		return revokeOtherSessions(ctx, tx.writer, checked.UID, "")
	})
}
