package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/rules"
)

type checkIDInput struct {
	ID rules.ID `path:"id"`
}

type checkIDOutput struct{ Body struct{} }

func (v views) checkID(ctx context.Context, in *checkIDInput) (*checkIDOutput, error) {
	if err := v.limits.CheckID(ctx, api.ClientAddress(ctx)); err != nil {
		return nil, err
	}
	return &checkIDOutput{}, v.store.RequireFreeID(ctx, string(in.ID))
}
