package main

import (
	"context"

	"minifb/shared/rules"
)

type emailInput struct {
	Body struct {
		Email    *rules.Email   `json:"email" nullable:"true"`
		Password rules.Password `json:"password"`
	}
}

func (v views) email(ctx context.Context, in *emailInput) (*meOutput, error) {
	checked, err := v.verify(ctx, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return showMe(v.store.SetEmail(ctx, checked, (*string)(in.Body.Email)))
}
