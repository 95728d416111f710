package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/apperror"
	"minifb/shared/rules"
	"minifb/shared/store"
)

var errPassword = apperror.New(apperror.Forbidden, "password: is not this account's; check it and try again")

// verify holds a password against the caller's own account and answers what it was held against. The store's methods
// that take the credential refuse where it has changed since.
func (v views) verify(ctx context.Context, password rules.Password) (store.Credential, error) {
	credential, err := v.store.ViewerCredential(ctx, api.Viewer(ctx), api.Session(ctx))
	if err != nil {
		return credential, err
	}
	ok, _, err := v.passwords.Verify(ctx, credential.Hash, string(password))
	if err == nil && !ok {
		err = errPassword
	}
	return credential, err
}
