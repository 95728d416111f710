package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"minifb/shared/apperror"
)

// EnsureAdmin makes the account with this ID an administrator. If there is no such account, it
// creates one with the given password hash and a name made from the ID. An existing account keeps
// its password.
func (s *Store) EnsureAdmin(ctx context.Context, id, passwordHash string) error {
	_, err := s.primary.exec(ctx, `
		INSERT INTO users (id, password_hash, name, role) VALUES ($1, $2, left($1, 16), 'admin')
		ON CONFLICT (lower(id)) WHERE deleted_at IS NULL DO UPDATE SET role = 'admin'`, id, passwordHash)
	if err != nil {
		return fmt.Errorf("ensure administrator %s: %w", id, err)
	}
	return nil
}

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
	case role != "admin":
		return apperror.New(apperror.Forbidden, "")
	}
	return nil
}
