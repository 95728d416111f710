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

// SessionLife is how long a session lives after its last refresh.
const SessionLife = 30 * 24 * time.Hour

// A Session is one sign-in and all that was refreshed from it.
type Session struct {
	bun.BaseModel `bun:"table:sessions,alias:s"`

	ID         string `bun:",pk"` // a UUID
	UserUID    int64
	UserAgent  string // as sent at sign-in, cut to 512 code points
	CreatedAt  time.Time
	LastUsedAt time.Time
}

var (
	errRevoked   = apperror.New(apperror.BadToken, "The session has ended; sign in again.")
	errNoSession = apperror.New(apperror.NotFound, "There is no such session of yours; it may have ended already.")
	uuidPattern  = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

var (
	// ErrSignIn is the one answer to an unknown ID and to a wrong password.
	ErrSignIn = apperror.New(apperror.Unauthorized, "The ID or the password is wrong; check both.")
	// ErrChanged is the same to the caller, but says that the credential is not what was checked any more: its password
	// was changed, its hash made anew or its account deleted.
	ErrCredentialChanged = apperror.Wrap(apperror.Unauthorized, errors.New("the credential has changed since its check"), "The ID or the password is wrong; check both.")
)

// OpenSession opens a session for who passed the check of this credential and answers its first refresh token.
// Where the credential is no longer what was checked, the answer is ErrChanged.
func (s *Store) OpenSession(ctx context.Context, checked Credential, userAgent string) (session Session, refresh string, err error) {
	refresh, hash := newRefreshToken()
	// FOR SHARE waits for a password change under way, which ends every session it can see.
	err = s.db.NewRaw(`
		WITH owner AS (
			SELECT uid FROM users WHERE uid = ? AND password_hash = ? AND deleted_at IS NULL FOR SHARE
		), lapsed AS (
			DELETE FROM sessions WHERE id IN (
				SELECT s.id FROM sessions s JOIN owner ON s.user_uid = owner.uid WHERE s.expires_at < now() ORDER BY s.id FOR UPDATE OF s)
		), session AS (
			INSERT INTO sessions (user_uid, user_agent, expires_at)
			SELECT uid, left(?, 512), now() + ? * interval '1 second' FROM owner
			RETURNING id, user_uid, user_agent, created_at, last_used_at
		), token AS (
			INSERT INTO refresh_tokens (hash, session_id) SELECT ?, id FROM session
		)
		SELECT id, user_uid, user_agent, created_at, last_used_at FROM session`,
		checked.UID, checked.Hash, userAgent, int(SessionLife.Seconds()), hash).Scan(ctx, &session)
	if errors.Is(err, sql.ErrNoRows) {
		return session, "", ErrCredentialChanged
	}
	if err != nil {
		return session, "", fmt.Errorf("open session: %w", err)
	}
	return session, refresh, nil
}

// newRefreshToken makes 256 random bits, as text for the client and as the hash that is kept.
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

// Sessions lists a user's standing sessions, newest first.
func (s *Store) Sessions(ctx context.Context, uid int64, p Page) (List[Session], error) {
	at, id, err := p.beforeMoment()
	if err != nil || (id != "" && !uuidPattern.MatchString(id)) {
		return List[Session]{}, errKey
	}
	if id == "" {
		id = "00000000-0000-0000-0000-000000000000"
	}
	var sessions []Session
	err = s.read(ctx, &sessions, `
		SELECT id, user_uid, user_agent, created_at, last_used_at FROM sessions
		WHERE user_uid = $1 AND (created_at, id) < ($2, $3::uuid) AND expires_at > now()
		ORDER BY created_at DESC, id DESC`+p.limit(), uid, at, id)
	if err != nil {
		return List[Session]{}, fmt.Errorf("list sessions: %w", err)
	}
	return listOf(sessions, p, func(s Session) string { return momentKey(s.CreatedAt, s.ID) }), nil
}

// EndSession ends one session of this user's; NotFound where it is none, or not standing.
func (s *Store) RevokeSession(ctx context.Context, uid int64, id string) error {
	if !uuidPattern.MatchString(id) {
		return errNoSession
	}
	result, err := s.db.NewDelete().Table("sessions").Where("id = ? AND user_uid = ? AND expires_at > now()", id, uid).Exec(ctx)
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	if ended, err := result.RowsAffected(); err != nil || ended == 0 {
		return errNoSession
	}
	return nil
}

// EndSessions ends all sessions of this user's.
func (s *Store) RevokeSessions(ctx context.Context, uid int64) error {
	return revokeSessions(ctx, s.db, uid, "")
}

// endSessions ends a user's sessions but the one to keep. It locks them in the order of their ids, as all do who end
// several, so that no two wait for each other.
func revokeSessions(ctx context.Context, db bun.IDB, uid int64, keep string) error {
	_, err := db.NewRaw(`
		DELETE FROM sessions WHERE id IN (
			SELECT id FROM sessions WHERE user_uid = ? AND id::text <> ? ORDER BY id FOR UPDATE)`, uid, keep).Exec(ctx)
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}
