package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/apperror"
	"minifb/shared/rules"
	"minifb/shared/store"
)

var errPassword = apperror.New(apperror.Forbidden, "password: is not this account's; check it and try again")

// checkPassword returns the viewer's credential if this is its password. A store method that takes
// the credential refuses it if it has changed since.
func (v views) checkPassword(ctx context.Context, password rules.Password) (store.Credential, error) {
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
