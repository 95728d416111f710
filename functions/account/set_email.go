package main

import (
	"context"

	"minifb/shared/rules"
)

type setEmailInput struct {
	Body struct {
		Email    *rules.Email   `json:"email" nullable:"true"`
		Password rules.Password `json:"password"`
	}
}

func (v views) setEmail(ctx context.Context, in *setEmailInput) (*meOutput, error) {
	credential, err := v.checkPassword(ctx, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return respond(v.store.SetEmail(ctx, credential, (*string)(in.Body.Email)))
}
