package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/rules"
)

type refreshInput struct {
	Body struct {
		RefreshToken rules.RefreshToken `json:"refresh_token"`
	}
}

func (v views) refresh(ctx context.Context, in *refreshInput) (*tokensOutput, error) {
	if err := v.limits.Refresh(ctx, api.ClientAddress(ctx)); err != nil {
		return nil, err
	}
	return v.respond(v.store.Refresh(ctx, string(in.Body.RefreshToken)))
}
