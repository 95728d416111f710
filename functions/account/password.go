package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/apperror"
	"minifb/shared/rules"
	"minifb/shared/store"
)

type passwordInput struct {
	Body struct {
		Password    rules.Password `json:"password"`
		NewPassword rules.Password `json:"new_password"`
	}
}

func (v views) password(ctx context.Context, in *passwordInput) (*struct{}, error) {
	checked, err := v.verify(ctx, in.Body.Password)
	if err != nil {
		return nil, err
	}
	hash, err := v.passwords.Hash(ctx, string(in.Body.NewPassword))
	if err != nil {
		return nil, err
	}
	return nil, v.store.ChangePassword(ctx, checked, api.Session(ctx), hash)
}

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
