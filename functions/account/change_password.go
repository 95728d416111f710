package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/rules"
)

type changePasswordInput struct {
	Body struct {
		Password    rules.Password `json:"password"`
		NewPassword rules.Password `json:"new_password" doc:"The password from now on, 10–100 code points"`
	}
}

func (v views) changePassword(ctx context.Context, in *changePasswordInput) (*struct{}, error) {
	credential, err := v.checkPassword(ctx, in.Body.Password)
	if err != nil {
		return nil, err
	}
	hash, err := v.passwords.Hash(ctx, requester(ctx), string(in.Body.NewPassword))
	if err != nil {
		return nil, err
	}
	return nil, v.store.ChangePassword(ctx, credential, api.Session(ctx), hash)
}
