package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
)

// DeleteAccount makes the account, whose password was checked, gone for every reader at once and its ID free:
// its sessions end, and all that it made is hidden by the same commit. Sweep then removes the rows.
// Where the password has changed since the check, the answer is Forbidden.
func (s *Store) DeleteAccount(ctx context.Context, checked Credential) error {
	return s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		// FOR UPDATE waits for writes of this user's that are under way; those that come later find the account gone.
		result, err := tx.NewRaw(`
			WITH u AS (SELECT uid FROM users WHERE uid = ? AND password_hash = ? AND deleted_at IS NULL FOR UPDATE)
			UPDATE users SET deleted_at = now() FROM u WHERE users.uid = u.uid`, checked.UID, checked.Hash).Exec(ctx)
		if err != nil {
			return fmt.Errorf("delete account: %w", err)
		}
		if deleted, err := result.RowsAffected(); err != nil || deleted == 0 {
			return errCredentialChanged
		}
		return revokeSessions(ctx, tx, checked.UID, "")
	})
}

// Sweep removes the rows of accounts that were deleted, in small transactions, until none is left or ctx ends.
// It may be stopped at any point and called again; two that run at once share the work.
func (s *Store) Sweep(ctx context.Context) error {
	for {
		var uids []int64
		if err := s.db.NewRaw(`SELECT uid FROM users WHERE deleted_at IS NOT NULL ORDER BY uid LIMIT 10`).Scan(ctx, &uids); err != nil {
			return fmt.Errorf("sweep: %w", err)
		}
		if len(uids) == 0 {
			return nil
		}
		for _, uid := range uids {
			if err := s.sweepAccount(ctx, uid); err != nil {
				return fmt.Errorf("sweep account %d: %w", uid, err)
			}
		}
	}
}

func (s *Store) sweepAccount(ctx context.Context, uid int64) error {
	if err := s.repeat(ctx, sweepPostReactions, uid, sweepBatch); err != nil {
		return fmt.Errorf("reactions to posts: %w", err)
	}
	if err := s.repeat(ctx, sweepCommentReactions, uid, sweepBatch); err != nil {
		return fmt.Errorf("reactions to comments: %w", err)
	}
	if err := s.sweepComments(ctx, "owner_uid", uid); err != nil {
		return fmt.Errorf("comments: %w", err)
	}
	if err := s.sweepPosts(ctx, uid); err != nil {
		return fmt.Errorf("posts: %w", err)
	}
	if err := s.repeat(ctx, sweepNotifications, uid, sweepBatch); err != nil {
		return fmt.Errorf("notifications: %w", err)
	}
	// By now the row stands alone, so nothing of anybody else's is locked by its cascade.
	_, err := s.db.NewRaw(`DELETE FROM users WHERE uid = ? AND deleted_at IS NOT NULL`, uid).Exec(ctx)
	return err
}

// repeat runs a statement, each time in a transaction of its own, until it finds nothing to do. It must answer how many
// rows it chose: one that another process removes meanwhile does not count as done, and is not chosen again.
func (s *Store) repeat(ctx context.Context, statement string, args ...any) error {
	for chosen := 1; chosen > 0; {
		if err := s.db.NewRaw(statement, args...).Scan(ctx, &chosen); err != nil {
			return err
		}
	}
	return nil
}
