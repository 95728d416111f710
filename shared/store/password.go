package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"minifb/shared/apperror"
)

// A Credential is what a password is checked against. UID 0 and an empty Hash mean that there is no such account.
type Credential struct {
	UID  int64
	Hash string
}

// CredentialByID finds the credential of whoever signs in with this ID, in whatever case. An unknown ID is no
// error: the caller must spend the same time on it.
func (s *Store) CredentialByID(ctx context.Context, id string) (Credential, error) {
	return s.credential(ctx, "lower(id) = lower(?)", id)
}

// ViewerCredential finds the caller's own credential; BadToken where the account is gone.
func (s *Store) ViewerCredential(ctx context.Context, uid int64) (Credential, error) {
	c, err := s.credential(ctx, "uid = ?", uid)
	if err == nil && c.UID == 0 {
		return c, errAccount
	}
	return c, err
}

func (s *Store) credential(ctx context.Context, where string, arg any) (Credential, error) {
	var c Credential
	err := s.db.NewSelect().Table("users").Column("uid", "password_hash").Where(where, arg).
		Where("deleted_at IS NULL").Scan(ctx, &c.UID, &c.Hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return c, fmt.Errorf("read credential: %w", err)
	}
	return c, nil
}

// errRaced is the answer to a caller whose password was changed, or its hash made anew, between its check and its use.
var errCredentialChanged = apperror.New(apperror.Forbidden, "password: was changed or stored anew meanwhile; check it and try again")

// ChangePassword replaces the hash that was checked and ends every session but the caller's own. It refuses with
// BadToken where that session has ended meanwhile, and with Forbidden where the password has changed.
func (s *Store) ChangePassword(ctx context.Context, checked Credential, session, hash string) error {
	return s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := replaceHash(ctx, tx, checked, hash); err != nil {
			return err
		}
		var kept bool
		if err := tx.NewRaw("SELECT EXISTS (SELECT FROM sessions WHERE id = ? AND user_uid = ?)", session, checked.UID).Scan(ctx, &kept); err != nil {
			return fmt.Errorf("read session: %w", err)
		}
		if !kept {
			return errRevoked
		}
		return revokeSessions(ctx, tx, checked.UID, session)
	})
}

// Rehash stores a newer hash of the same password. Nothing happens where the password has changed meanwhile.
func (s *Store) Rehash(ctx context.Context, checked Credential, hash string) error {
	err := replaceHash(ctx, s.db, checked, hash)
	if errors.Is(err, errCredentialChanged) {
		return nil
	}
	return err
}

func replaceHash(ctx context.Context, db bun.IDB, checked Credential, hash string) error {
	result, err := db.NewUpdate().Table("users").Set("password_hash = ?", hash).
		Where("uid = ? AND password_hash = ? AND deleted_at IS NULL", checked.UID, checked.Hash).Exec(ctx)
	if err != nil {
		return fmt.Errorf("replace password: %w", err)
	}
	if changed, err := result.RowsAffected(); err != nil || changed == 0 {
		return errCredentialChanged
	}
	return nil
}
