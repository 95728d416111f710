package bundle

import (
	"context"
	"errors"
	"fmt"

	"minifb/shared/apperror"
	"minifb/shared/password"
	"minifb/shared/store"
)

// ensureAdmin makes sure that the administrator exists. An account that exists already may belong to anyone who signed
// up with this ID first: it is promoted only if the operator's password is its password.
func (b *Bundle) ensureAdmin(ctx context.Context) (err error) {
	s, err := store.Open(b.DatabaseURL, "bundle", 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	hasher := password.New(password.DefaultIterations)
	if err := createAdmin(ctx, s, hasher, b.o.AdminID, b.o.AdminPassword); err == nil || !isConflict(err) {
		return err
	}
	user, err := s.UserByID(ctx, b.o.AdminID)
	if err != nil || user.Role == "admin" { // its password is not ours to compare: an administrator may change it
		return err
	}
	credential, err := s.CredentialByID(ctx, b.o.AdminID)
	if err != nil {
		return err
	}
	ok, _, err := hasher.Verify(ctx, password.Requester{}, credential.Hash, b.o.AdminPassword)
	if err != nil {
		return fmt.Errorf("ADMIN_PASSWORD: %w", err)
	}
	if !ok {
		return fmt.Errorf("ADMIN_ID: a user has signed up as %s, and ADMIN_PASSWORD is not this account's password; "+
			"choose another ADMIN_ID, or make this account an administrator by name: make admin ID=%s",
			user.ID, user.ID)
	}
	return s.GrantAdministratorChecked(ctx, b.o.AdminID, credential)
}

// createAdmin creates the account, or returns a Conflict error if the ID is taken.
func createAdmin(ctx context.Context, s *store.Store, hasher *password.Hasher, id, plain string) error {
	if err := s.RequireFreeID(ctx, id); err != nil {
		return err
	}
	hash, err := hasher.Hash(ctx, password.Requester{}, plain)
	if err != nil {
		return fmt.Errorf("ADMIN_PASSWORD: %w", err)
	}
	return s.CreateAdministrator(ctx, id, hash)
}

func isConflict(err error) bool {
	e, ok := apperror.From(err)
	return ok && e.Code == apperror.Conflict
}
