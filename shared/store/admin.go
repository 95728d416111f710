package store

import (
	"context"
	"fmt"
)

// EnsureAdmin makes the account with this ID an administrator, and makes the account where there is none: named like
// its ID, with the password of this hash. The password of an account that exists stays.
func (s *Store) EnsureAdmin(ctx context.Context, id, passwordHash string) error {
	_, err := s.db.NewRaw(`
		INSERT INTO users (id, password_hash, name, role) VALUES (?0, ?1, left(?0, 16), 'admin')
		ON CONFLICT (lower(id)) WHERE deleted_at IS NULL DO UPDATE SET role = 'admin'`, id, passwordHash).Exec(ctx)
	if err != nil {
		return fmt.Errorf("make sure that administrator %s exists: %w", id, err)
	}
	return nil
}
