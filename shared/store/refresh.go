package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"minifb/shared/apperror"
)

// RefreshGrace is how long after its rotation a refresh token is still forgiven: the client may have lost the answer.
const RefreshGrace = 10 * time.Second

var (
	errRefresh = apperror.New(apperror.BadToken, "refresh_token: is not good, or no longer; sign in again")
	errReuse   = apperror.New(apperror.BadToken, "refresh_token: was used before, so its session has been ended; sign in again")
)

// Refresh takes a refresh token and answers the session and the token's successor. BadToken where the token is not
// known or its session has ended; a token that was rotated before ends its session, with the exceptions that the
// contract names.
func (s *Store) Refresh(ctx context.Context, token string) (session Session, successor string, err error) {
	hash := refreshHash(token)
	reused := false
	err = s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		// The session's row is the lock of its whole family of tokens. It comes first, in a statement of its own, so
		// that the token is then read as the one before us left it.
		err := tx.NewRaw(`
			SELECT id, user_uid, user_agent, created_at, last_used_at FROM sessions
			WHERE id = (SELECT session_id FROM refresh_tokens WHERE hash = ?) AND expires_at > now()
			FOR UPDATE`, hash).Scan(ctx, &session)
		if errors.Is(err, sql.ErrNoRows) {
			return errRefresh
		}
		if err != nil {
			return fmt.Errorf("lock session: %w", err)
		}
		good, err := useToken(ctx, tx, hash)
		if err != nil {
			return err
		}
		if !good {
			reused = true // ending the session must be committed, so this is no error yet
			_, err := tx.NewDelete().Table("sessions").Where("id = ?", session.ID).Exec(ctx)
			return err
		}
		var next []byte
		successor, next = newRefreshToken()
		_, err = tx.NewRaw(`INSERT INTO refresh_tokens (hash, session_id, parent) VALUES (?, ?, ?)`, next, session.ID, hash).Exec(ctx)
		if err != nil {
			return err
		}
		return tx.NewRaw(`
			UPDATE sessions SET last_used_at = clock_timestamp(), expires_at = now() + ? * interval '1 second'
			WHERE id = ? RETURNING last_used_at`, int(SessionLife.Seconds()), session.ID).Scan(ctx, &session.LastUsedAt)
	})
	switch _, refused := apperror.From(err); {
	case refused:
		return session, "", err
	case err != nil:
		return session, "", fmt.Errorf("refresh: %w", err)
	case reused:
		return session, "", errReuse
	}
	return session, successor, nil
}

// useToken marks the token as rotated and tells whether it was good. A fresh one is; its siblings are lost with it.
// A rotated one is forgiven while it is the direct parent of a token that nobody has used, for RefreshGrace.
func useToken(ctx context.Context, tx bun.Tx, hash []byte) (good bool, err error) {
	var fresh, forgiven bool
	err = tx.NewRaw(`
		SELECT t.used_at IS NULL,
			coalesce(t.used_at > clock_timestamp() - ? * interval '1 second', false)
			AND EXISTS (SELECT FROM refresh_tokens c WHERE c.parent = t.hash)
			AND NOT EXISTS (SELECT FROM refresh_tokens c WHERE c.parent = t.hash AND c.used_at IS NOT NULL)
		FROM refresh_tokens t WHERE t.hash = ?`, RefreshGrace.Seconds(), hash).Scan(ctx, &fresh, &forgiven)
	if err != nil {
		return false, fmt.Errorf("read refresh token: %w", err)
	}
	if !fresh {
		return forgiven, nil
	}
	_, err = tx.NewRaw(`
		UPDATE refresh_tokens SET used_at = clock_timestamp()
		WHERE hash = ?0 OR (used_at IS NULL AND parent = (SELECT parent FROM refresh_tokens WHERE hash = ?0))`, hash).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("use refresh token: %w", err)
	}
	return true, nil
}
