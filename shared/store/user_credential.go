package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"minifb/shared/apperror"
)

// A Credential is the password hash of an account. UID 0 and an empty Hash mean that there is no
// such account.
//
// Hashing a password takes too long for a transaction. So a caller checks the password first, and
// passes the credential that it checked to a method, which fails if the hash is another one by
// then.
type Credential struct {
	UID  int64
	Hash string
}

// errCredentialChanged is returned if the password hash is not the one that was checked.
var errCredentialChanged = apperror.New(apperror.Forbidden,
	"password: was changed or rehashed during this request; check it and try again")

// CredentialByID returns the credential of the account with this ID, in any case. For an unknown ID
// it returns no error but an empty credential, on which the caller must spend the same time.
func (s *Store) CredentialByID(ctx context.Context, id string) (Credential, error) {
	c, err := s.credential(ctx, `
		SELECT uid, password_hash AS hash FROM users WHERE lower(id) = lower($1) AND deleted_at IS NULL`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return Credential{}, nil
	}
	return c, err
}

// ViewerCredential returns the viewer's credential, or a BadToken error if the account has been
// deleted.
func (s *Store) ViewerCredential(ctx context.Context, uid int64) (Credential, error) {
	c, err := s.credential(ctx, `
		SELECT uid, password_hash AS hash FROM users WHERE uid = $1 AND deleted_at IS NULL`, uid)
	if errors.Is(err, sql.ErrNoRows) {
		return Credential{}, errAccount
	}
	return c, err
}

func (s *Store) credential(ctx context.Context, statement string, arg any) (c Credential, err error) {
	if err := s.primary.one(ctx, &c, statement, arg); err != nil {
		return c, fmt.Errorf("read credential: %w", err)
	}
	return c, nil
}

// ChangePassword replaces the hash that was checked and revokes the user's other sessions. It
// returns a Forbidden error if the password has changed since the check, and a BadToken error if
// the viewer's own session has been revoked.
func (s *Store) ChangePassword(ctx context.Context, checked Credential, session, hash string) error {
	return s.inTx(ctx, func(ctx context.Context, tx transaction) error {
		if err := replaceHash(ctx, tx.writer, checked, hash); err != nil {
			return err
		}
		var kept bool
		err := tx.one(ctx, &kept, `
			SELECT EXISTS (SELECT FROM sessions WHERE id = $1 AND user_uid = $2)`, session, checked.UID)
		if err != nil {
			return fmt.Errorf("read session: %w", err)
		}
		if !kept {
			return errRevoked
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
