package main

import (
	"context"
	"errors"
	"fmt"

	"minifb/shared/api"
	"minifb/shared/apperror"
	"minifb/shared/limit"
	"minifb/shared/password"
	"minifb/shared/rules"
	"minifb/shared/store"
)

var errPassword = apperror.New(apperror.Forbidden, "password: is not this account's; check it and try again")

// checkPassword returns the viewer's credential if this is its password, or the temporary password
// that opened the viewer's session. A store method that takes the credential refuses it if it has
// changed since. Wrong passwords are limited, as whoever has taken over a session may try many.
func (v views) checkPassword(ctx context.Context, plain rules.Password) (store.Credential, error) {
	session := api.Session(ctx)
	if err := v.limits.CurrentPassword(ctx, session); err != nil {
		return store.Credential{}, err
	}
	credential, err := v.store.ViewerCredential(ctx, api.Viewer(ctx), session)
	if err == nil {
		var ok bool
		ok, _, err = v.passwords.Verify(ctx, requester(ctx), credential.Hash, string(plain))
		if err == nil && !ok && !credential.IsTemporary(string(plain)) {
			return credential, errPassword
		}
	}
	return credential, errors.Join(err, v.limits.TakeBack(ctx, session))
}

// requester says that it is the viewer who waits for the hashing of a password.
func requester(ctx context.Context) password.Requester {
	return limit.Requester(api.ClientAddress(ctx), fmt.Sprintf("uid %d", api.Viewer(ctx)))
}
