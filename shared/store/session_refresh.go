package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"minifb/shared/apperror"
)

// RefreshGrace is how long after its rotation a refresh token may be used again: the client may
// have lost the response.
const RefreshGrace = 10 * time.Second

var (
	errRefresh = apperror.New(apperror.BadToken, "refresh_token: is invalid or expired; sign in again")
	errReuse   = apperror.New(apperror.BadToken,
		"refresh_token: was used before, so its session has been revoked; sign in again")
)

// Refresh rotates a refresh token: it returns the token's session and its successor. It returns a
// BadToken error if the token is unknown or its session is not valid. A token that was rotated
// before also revokes its session, unless it is within RefreshGrace and its successor is unused.
func (s *Store) Refresh(ctx context.Context, token string) (session Session, successor string, err error) {
	sent, hasFamily := parseRefreshToken(token)
	hash, id, family := hashSecret(token), any(nil), []byte(nil)
	if hasFamily {
		id, family = sent.sessionID(), sent.familyHash()
	}
	reused := false
	err = s.inTx(ctx, func(ctx context.Context, tx transaction) error {
		// The session's row is the lock of all its tokens. It is locked by a statement of its own,
		// so that the next one reads the token as the previous holder of the lock left it. A token
		// whose own row was pruned has the family.
		err := tx.one(ctx, &session, `
			SELECT `+sessionColumns+` FROM sessions
			WHERE (id = (SELECT session_id FROM refresh_tokens WHERE hash = $1) OR id = $2::uuid AND family = $3)
				AND expires_at > now()
			FOR UPDATE`, hash, id, family)
		if errors.Is(err, sql.ErrNoRows) {
			return errRefresh
		}
		if err != nil {
			return fmt.Errorf("lock session: %w", err)
		}
		valid, err := rotate(ctx, tx, hash)
		if err != nil {
			return err
		}
		if !valid {
			reused = true // not an error here: the deletion must be committed
			_, err := tx.exec(ctx, `DELETE FROM sessions WHERE id = $1`, session.ID)
			return err
		}
		next, err := sent.successor(session.ID)
		if err != nil {
			return err
		}
		successor = next.String()
		_, err = tx.exec(ctx, `
			INSERT INTO refresh_tokens (hash, session_id, parent) VALUES ($1, $2, $3)`, next.hash(), session.ID, hash)
		if err != nil {
			return err
		}
		return tx.one(ctx, &session.LastUsedAt, `
			UPDATE sessions SET family = $2, last_used_at = clock_timestamp(), expires_at = least(
				now() + $3 * interval '1 second', created_at + $4 * interval '1 second')
			WHERE id = $1 RETURNING last_used_at`,
			session.ID, next.familyHash(), SessionLife.Seconds(), SessionMaxLife.Seconds())
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

// rotate marks the token as used and reports whether it was valid. A token that has not been used
// is valid; its unused siblings become invalid with it. A used token is valid for RefreshGrace,
// while it is the parent of unused tokens alone. A token without a row was used so long ago that
// its row has been pruned.
func rotate(ctx context.Context, tx transaction, hash []byte) (valid bool, err error) {
	var token struct{ Unused, Forgiven bool }
	err = tx.one(ctx, &token, `
		SELECT t.used_at IS NULL AS unused,
			coalesce(t.used_at > clock_timestamp() - $2 * interval '1 second', false)
			AND EXISTS (SELECT FROM refresh_tokens c WHERE c.parent = t.hash)
			AND NOT EXISTS (SELECT FROM refresh_tokens c WHERE c.parent = t.hash AND c.used_at IS NOT NULL) AS forgiven
		FROM refresh_tokens t WHERE t.hash = $1`, hash, RefreshGrace.Seconds())
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read refresh token: %w", err)
	}
	if !token.Unused {
		return token.Forgiven, nil
	}
	_, err = tx.exec(ctx, `
		UPDATE refresh_tokens SET used_at = clock_timestamp()
		WHERE hash = $1 OR (used_at IS NULL AND parent = (SELECT parent FROM refresh_tokens WHERE hash = $1))`, hash)
	if err != nil {
		return false, fmt.Errorf("use refresh token: %w", err)
	}
	return true, nil
}
