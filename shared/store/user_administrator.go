package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"minifb/shared/apperror"
)

const (
	roleUser  = "user"
	roleAdmin = "admin"
)

// RequireAdministrator returns nil if the user is an administrator, a Forbidden error if not, and a
// BadToken error if the account has been deleted. It reads the primary, so that a revoked role
// takes effect at once.
func (s *Store) RequireAdministrator(ctx context.Context, uid int64) error {
	var role string
	err := s.primary.one(ctx, &role, `SELECT role FROM users WHERE uid = $1 AND deleted_at IS NULL`, uid)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return errAccount
	case err != nil:
		return fmt.Errorf("read the role of user %d: %w", uid, err)
	case role != roleAdmin:
		return apperror.New(apperror.Forbidden, "")
	}
	return nil
}

// CreateAdministrator creates an administrator's account with the given password hash and a name made from the ID. It
// returns a Conflict error if the ID is taken.
func (s *Store) CreateAdministrator(ctx context.Context, id, passwordHash string) error {
	var uid int64
	err := s.primary.one(ctx, &uid, `
		INSERT INTO users (id, password_hash, name, role) VALUES ($1, $2, left($1, 16), $3)
		ON CONFLICT (lower(id)) WHERE deleted_at IS NULL DO NOTHING
		RETURNING uid`, id, passwordHash, roleAdmin)
	if errors.Is(err, sql.ErrNoRows) {
		return errTaken
	}
	if err != nil {
		return fmt.Errorf("create administrator %s: %w", id, err)
	}
	return nil
}

// GrantAdministrator makes the account with this ID an administrator and revokes its sessions. It
// returns false if it is one already, and a NotFound error if there is no such account.
func (s *Store) GrantAdministrator(ctx context.Context, id string) (changed bool, err error) {
	return s.setRole(ctx, id, roleAdmin, nil)
}

// GrantAdministratorChecked is GrantAdministrator for the account whose password was checked. It returns a Forbidden
// error if the credential has changed since the check.
func (s *Store) GrantAdministratorChecked(ctx context.Context, id string, checked Credential) error {
	changed, err := s.setRole(ctx, id, roleAdmin, &checked)
	if err == nil && !changed {
		return errCredentialChanged
	}
	return err
}

// RevokeAdministrator takes the role from the account with this ID and revokes its sessions. It returns false if it is
// no administrator, and a NotFound error if there is no such account.
func (s *Store) RevokeAdministrator(ctx context.Context, id string) (changed bool, err error) {
	return s.setRole(ctx, id, roleUser, nil)
}

// setRole changes an account's role, unless a credential is given that is not the account's. The
// sessions are revoked in the same transaction, so that no session has more rights than it was opened with.
func (s *Store) setRole(ctx context.Context, id, role string, checked *Credential) (changed bool, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx transaction) error {
		var user struct {
			UID          int64
			Role         string
			PasswordHash string
		}
		err := tx.one(ctx, &user, `
			SELECT uid, role, password_hash FROM users WHERE lower(id) = lower($1) AND deleted_at IS NULL
			FOR UPDATE`, id)
		if errors.Is(err, sql.ErrNoRows) {
			return errNoUser
		}
		if err != nil {
			return err
		}
		if user.Role == role || checked != nil && (checked.UID != user.UID || checked.Hash != user.PasswordHash) {
			return nil
		}
		changed = true
		if _, err := tx.exec(ctx, `UPDATE users SET role = $2 WHERE uid = $1`, user.UID, role); err != nil {
			return err
		}
		return revokeOtherSessions(ctx, tx.writer, user.UID, "")
	})
	if err != nil {
		return false, fmt.Errorf("set the role of %s: %w", id, err)
	}
	return changed, nil
}

// Administrators returns the administrators' accounts in the order of their IDs.
func (s *Store) Administrators(ctx context.Context) (users []User, err error) {
	err = s.primary.all(ctx, &users, `
		SELECT `+userColumns+` FROM users WHERE role = $1 AND deleted_at IS NULL ORDER BY lower(id)`, roleAdmin)
	if err != nil {
		return nil, fmt.Errorf("list administrators: %w", err)
	}
	return users, nil
}
