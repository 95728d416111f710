package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/uptrace/bun"

	"minifb/shared/apperror"
)

const (
	// SessionLife is how long a session is valid after its last refresh.
	SessionLife = 30 * 24 * time.Hour
	// SessionMaxLife is how long a session is valid after its sign-in at most.
	SessionMaxLife = 180 * 24 * time.Hour
)

// A Session is a sign-in with every token that was refreshed from it. It is revoked by deleting its
// row.
type Session struct {
	bun.BaseModel `bun:"table:sessions,alias:s"`

	ID         string `bun:",pk"` // a UUID
	UserUID    int64
	UserAgent  string // as sent at sign-in, cut to 512 code points
	CreatedAt  time.Time
	LastUsedAt time.Time
	Restricted bool // was opened with a temporary password: it may only change the password
}

const sessionColumns = `id, user_uid, user_agent, created_at, last_used_at, restricted`

var (
	errRevoked    = apperror.New(apperror.BadToken, "The session has been revoked; sign in again.")
	errRestricted = apperror.New(apperror.Forbidden,
		"This session was opened with a temporary password; change the password by PATCH /user/password first.")
	errNoSession = apperror.New(apperror.NotFound, "You have no such session; it may have expired or been revoked.")
	uuidPattern  = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

const (
	signInHint = "The ID or the password is wrong; check both."
	zeroUUID   = "00000000-0000-0000-0000-000000000000"
)

var (
	// ErrSignIn is the same for an unknown ID and for a wrong password.
	ErrSignIn = apperror.New(apperror.Unauthorized, signInHint)
	// ErrCredentialChanged has ErrSignIn's hint, but means that the credential is not the one that
	// was checked: the password was changed or rehashed, or the account was deleted.
	ErrCredentialChanged = apperror.Wrap(
		apperror.Unauthorized, errors.New("the credential has changed since its check"), signInHint)
)

// OpenSession opens a session for the account whose password was checked, and returns it with its
// first refresh token. It returns ErrCredentialChanged if the credential has changed since the
// check.
func (s *Store) OpenSession(ctx context.Context, checked Credential, userAgent string) (Session, string, error) {
	return s.openSession(ctx, checked, nil, userAgent)
}

// OpenRestrictedSession is OpenSession for the account whose temporary password was checked. The
// session can only change the password, and the temporary password is used up.
func (s *Store) OpenRestrictedSession(
	ctx context.Context, checked Credential, userAgent string,
) (Session, string, error) {
	return s.openSession(ctx, checked, []byte(checked.temporary), userAgent)
}

func (s *Store) openSession(
	ctx context.Context, checked Credential, temporary []byte, userAgent string,
) (session Session, refresh string, err error) {
	token := newSessionToken()
	// FOR SHARE waits for a concurrent password change. The change revokes every session that it
	// can see; this one would not be among them. Of two sign-ins with one temporary password, the
	// second finds that it is deleted.
	err = s.primary.one(ctx, &session, `
		WITH account AS (
			SELECT uid FROM users WHERE uid = $1 AND password_hash = $2 AND deleted_at IS NULL FOR SHARE
		), used AS (
			DELETE FROM temporary_passwords t USING account
			WHERE t.user_uid = account.uid AND t.hash = $3 AND t.expires_at > now() RETURNING t.hash
		), expired AS (
			DELETE FROM sessions WHERE id IN (
				SELECT s.id FROM sessions s JOIN account ON s.user_uid = account.uid
				WHERE s.expires_at < now() ORDER BY s.id FOR UPDATE OF s)
		), session AS (
			INSERT INTO sessions (id, family, user_uid, temporary_hash, restricted, user_agent, expires_at)
			SELECT $4, $5, uid, $3, $3::bytea IS NOT NULL, left($6, 512), now() + $7 * interval '1 second' FROM account
			WHERE $3::bytea IS NULL OR EXISTS (SELECT FROM used)
			RETURNING `+sessionColumns+`
		), token AS (
			INSERT INTO refresh_tokens (hash, session_id) SELECT $8, id FROM session
		)
		SELECT `+sessionColumns+` FROM session`,
		checked.UID, checked.Hash, temporary, token.sessionID(), token.familyHash(), userAgent,
		SessionLife.Seconds(), token.hash())
	if errors.Is(err, sql.ErrNoRows) {
		return session, "", ErrCredentialChanged
	}
	if err != nil {
		return session, "", fmt.Errorf("open session: %w", err)
	}
	return session, token.String(), nil
}

// RequireFullSession returns a Forbidden error if the session may only change the password, and a
// BadToken error if it has been revoked.
func (s *Store) RequireFullSession(ctx context.Context, id string) error {
	var restricted bool
	err := s.primary.one(ctx, &restricted, `SELECT restricted FROM sessions WHERE id = $1`, id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return errRevoked
	case err != nil:
		return fmt.Errorf("read session: %w", err)
	case restricted:
		return errRestricted
	}
	return nil
}

// The bounds are those that readPage describes.
const sessionList = `
	SELECT ` + sessionColumns + ` FROM sessions
	WHERE (user_uid, created_at, id) < ((SELECT $1::bigint), $2, $3::uuid)
		AND (user_uid, created_at) > ((SELECT $1::bigint), '-infinity') AND expires_at > now()
	ORDER BY user_uid DESC, created_at DESC, id DESC`

// Sessions lists a user's valid sessions, newest first. It reads the primary, so that a revoked
// session is never listed.
func (s *Store) Sessions(ctx context.Context, uid int64, p Page) (List[Session], error) {
	at, id, err := p.beforeTime()
	if err != nil || id != "" && !uuidPattern.MatchString(id) {
		return List[Session]{}, errKey
	}
	if id == "" {
		id = zeroUUID
	}
	key := func(s Session) string { return timeKey(s.CreatedAt, s.ID) }
	list, err := readPage(ctx, s.hotPrimary.reader, p, key, sessionList, uid, at, id)
	if err != nil {
		return list, fmt.Errorf("list sessions: %w", err)
	}
	return list, nil
}

// RevokeSession revokes one of the user's sessions. It returns a NotFound error if the user has no
// such session, or if it has expired.
func (s *Store) RevokeSession(ctx context.Context, uid int64, id string) error {
	if !uuidPattern.MatchString(id) {
		return errNoSession
	}
	revoked, err := s.primary.exec(ctx, `
		DELETE FROM sessions WHERE id = $1 AND user_uid = $2 AND expires_at > now()`, id, uid)
	if err != nil {
		return fmt.Errorf("revoke session: %w", err)
	}
	if revoked == 0 {
		return errNoSession
	}
	return nil
}

// RevokeSessions revokes all sessions of the user.
func (s *Store) RevokeSessions(ctx context.Context, uid int64) error {
	return revokeOtherSessions(ctx, s.primary, uid, "")
}

// revokeOtherSessions revokes the user's sessions except the one to keep, if any. Every statement
// that deletes several sessions locks them in the order of their ids, so that no two deadlock.
func revokeOtherSessions(ctx context.Context, w writer, uid int64, keep string) error {
	_, err := w.exec(ctx, `
		DELETE FROM sessions WHERE id IN (
			SELECT id FROM sessions WHERE user_uid = $1 AND id::text <> $2 ORDER BY id FOR UPDATE)`, uid, keep)
	if err != nil {
		return fmt.Errorf("revoke sessions: %w", err)
	}
	return nil
}

// PruneSessions deletes expired sessions, at most batch of them, and returns how many it deleted.
func (s *Store) PruneSessions(ctx context.Context, batch int) (deleted int64, err error) {
	return s.prune(ctx, "sessions", `
		DELETE FROM sessions WHERE id IN (
			SELECT id FROM sessions WHERE expires_at < now() LIMIT $1 FOR UPDATE SKIP LOCKED)`, batch)
}

// PruneRefreshTokens deletes refresh tokens that were rotated, or lost to a sibling, more than an
// hour ago, at most batch of them, and returns how many it deleted. Their use is still detected, by
// their family; so the tokens of a session without a family are kept until its next refresh.
func (s *Store) PruneRefreshTokens(ctx context.Context, batch int) (deleted int64, err error) {
	if err := s.primary.one(ctx, &deleted, `SELECT prune_refresh_tokens($1)`, batch); err != nil {
		return 0, fmt.Errorf("prune refresh tokens: %w", err)
	}
	return deleted, nil
}

func (s *Store) prune(ctx context.Context, what, statement string, batch int) (deleted int64, err error) {
	deleted, err = s.primary.exec(ctx, statement, batch)
	if err != nil {
		return 0, fmt.Errorf("prune %s: %w", what, err)
	}
	return deleted, nil
}
