package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/uptrace/bun"

	"minifb/shared/apperror"
)

// SessionLife is how long a session is valid after its last refresh.
const SessionLife = 30 * 24 * time.Hour

// A Session is a sign-in with every token that was refreshed from it. It is revoked by deleting its
// row.
type Session struct {
	bun.BaseModel `bun:"table:sessions,alias:s"`

	ID         string `bun:",pk"` // a UUID
	UserUID    int64
	UserAgent  string // as sent at sign-in, cut to 512 code points
	CreatedAt  time.Time
	LastUsedAt time.Time
}

var (
	errRevoked   = apperror.New(apperror.BadToken, "The session has been revoked; sign in again.")
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
	ErrCredentialChanged = apperror.Wrap(apperror.Unauthorized,
		errors.New("the credential has changed since its check"), signInHint)
)

// OpenSession opens a session for the account whose credential was checked, and returns it with its
// first refresh token. It returns ErrCredentialChanged if the credential has changed since the
// check.
func (s *Store) OpenSession(
	ctx context.Context, checked Credential, userAgent string,
) (session Session, refresh string, err error) {
	refresh, hash := newRefreshToken()
	// FOR SHARE waits for a concurrent password change. The change revokes every session that it
	// can see; this one would not be among them.
	err = s.primary.one(ctx, &session, `
		WITH account AS (
			SELECT uid FROM users WHERE uid = $1 AND password_hash = $2 AND deleted_at IS NULL FOR SHARE
		), expired AS (
			DELETE FROM sessions WHERE id IN (
				SELECT s.id FROM sessions s JOIN account ON s.user_uid = account.uid
				WHERE s.expires_at < now() ORDER BY s.id FOR UPDATE OF s)
		), session AS (
			INSERT INTO sessions (user_uid, user_agent, expires_at)
			SELECT uid, left($3, 512), now() + $4 * interval '1 second' FROM account
			RETURNING id, user_uid, user_agent, created_at, last_used_at
		), token AS (
			INSERT INTO refresh_tokens (hash, session_id) SELECT $5, id FROM session
		)
		SELECT id, user_uid, user_agent, created_at, last_used_at FROM session`,
		checked.UID, checked.Hash, userAgent, SessionLife.Seconds(), hash)
	if errors.Is(err, sql.ErrNoRows) {
		return session, "", ErrCredentialChanged
	}
	if err != nil {
		return session, "", fmt.Errorf("open session: %w", err)
	}
	return session, refresh, nil
}

// newRefreshToken returns 256 random bits: as text for the client, and as the hash to store.
func newRefreshToken() (token string, hash []byte) {
	secret := make([]byte, 32)
	rand.Read(secret) // never fails
	token = base64.RawURLEncoding.EncodeToString(secret)
	return token, refreshHash(token)
}

func refreshHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

const sessionList = `
	SELECT id, user_uid, user_agent, created_at, last_used_at FROM sessions
	WHERE user_uid = $1 AND (created_at, id) < ($2, $3::uuid) AND expires_at > now()
	ORDER BY created_at DESC, id DESC`

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
