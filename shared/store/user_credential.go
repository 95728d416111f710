package store

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"minifb/shared/apperror"
)

// A Credential is the password hash of an account, and the temporary password that counts beside
// it, if any. UID 0 and an empty Hash mean that there is no such account.
//
// Hashing a password takes too long for a transaction. So a caller checks the password first, and
// passes the credential that it checked to a method, which fails if the hash is another one by
// then.
type Credential struct {
	UID  int64
	Hash string

	temporary string // the SHA-256 of the temporary password; "" if there is none
}

// IsTemporary reports whether the text is the temporary password.
func (c Credential) IsTemporary(password string) bool {
	return subtle.ConstantTimeCompare(hashSecret(password), []byte(c.temporary)) == 1
}

// errCredentialChanged is returned if the password hash is not the one that was checked.
var errCredentialChanged = apperror.New(apperror.Forbidden,
	"password: was changed or rehashed during this request; check it and try again")

// CredentialByID returns the credential of the account with this ID, in any case, for a sign-in.
// For an unknown ID it returns no error but an empty credential, on which the caller must spend the
// same time.
func (s *Store) CredentialByID(ctx context.Context, id string) (Credential, error) {
	c, err := s.credential(ctx, `
		SELECT u.uid, u.password_hash AS hash, t.hash AS temporary
		FROM users u LEFT JOIN temporary_passwords t ON t.user_uid = u.uid AND t.expires_at > now()
		WHERE lower(u.id) = lower($1) AND u.deleted_at IS NULL`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return Credential{}, nil
	}
	return c, err
}

// ViewerCredential returns the viewer's credential, or a BadToken error if the account has been
// deleted. In a session that a temporary password opened, that one counts too.
func (s *Store) ViewerCredential(ctx context.Context, uid int64, session string) (Credential, error) {
	c, err := s.credential(ctx, `
		SELECT u.uid, u.password_hash AS hash, s.temporary_hash AS temporary
		FROM users u LEFT JOIN sessions s ON s.user_uid = u.uid AND s.id = $2
		WHERE u.uid = $1 AND u.deleted_at IS NULL`, uid, session)
	if errors.Is(err, sql.ErrNoRows) {
		return Credential{}, errAccount
	}
	return c, err
}

func (s *Store) credential(ctx context.Context, statement string, args ...any) (Credential, error) {
	var row struct {
		UID       int64
		Hash      string
		Temporary []byte
	}
	if err := s.primary.one(ctx, &row, statement, args...); err != nil {
		return Credential{}, fmt.Errorf("read credential: %w", err)
	}
	return Credential{row.UID, row.Hash, string(row.Temporary)}, nil
}

// ChangePassword replaces the hash that was checked. It revokes the user's other sessions and every
// temporary password, and lifts the restriction of this session. It returns a Forbidden error if
// the password has changed since the check, and a BadToken error if the viewer's own session has
// been revoked.
func (s *Store) ChangePassword(ctx context.Context, checked Credential, session, hash string) error {
	return s.inTx(ctx, func(ctx context.Context, tx transaction) error {
		if err := replaceHash(ctx, tx.writer, checked, hash); err != nil {
			return err
		}
		if err := deleteTemporaryPasswords(ctx, tx.writer, checked.UID); err != nil {
			return err
		}
		// Its own session too is locked in the order of the ids. None can be added: a sign-in waits
		// for the user's row.
		var sessions []string
		err := tx.all(ctx, &sessions, `
			SELECT id FROM sessions WHERE user_uid = $1 ORDER BY id FOR UPDATE`, checked.UID)
		if err != nil {
			return fmt.Errorf("lock sessions: %w", err)
		}
		if !slices.Contains(sessions, session) {
			return errRevoked
		}
		if _, err := tx.exec(ctx, `
			UPDATE sessions SET temporary_hash = NULL, restricted = false WHERE id = $1`, session); err != nil {
			return fmt.Errorf("lift the restriction of the session: %w", err)
		}
		return revokeOtherSessions(ctx, tx.writer, checked.UID, session)
	})
}

// Rehash replaces the hash that was checked by a newer hash of the same password. It does nothing
// if the hash has changed since the check.
func (s *Store) Rehash(ctx context.Context, checked Credential, hash string) error {
	err := replaceHash(ctx, s.primary, checked, hash)
	if errors.Is(err, errCredentialChanged) {
		return nil
	}
	return err
}

func replaceHash(ctx context.Context, w writer, checked Credential, hash string) error {
	changed, err := w.exec(ctx, `
		UPDATE users SET password_hash = $3 WHERE uid = $1 AND password_hash = $2 AND deleted_at IS NULL`,
		checked.UID, checked.Hash, hash)
	if err != nil {
		return fmt.Errorf("replace password: %w", err)
	}
	if changed == 0 {
		return errCredentialChanged
	}
	return nil
}
