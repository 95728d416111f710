package main

import (
	"context"

	"minifb/shared/field"
)

type emailInput struct {
	Body struct {
		Email    *field.Email   `json:"email" nullable:"true"`
		Password field.Password `json:"password"`
	}
}

func (v views) email(ctx context.Context, in *emailInput) (*meOutput, error) {
	checked, err := v.verify(ctx, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return showMe(v.store.SetEmail(ctx, checked, (*string)(in.Body.Email)))
}
