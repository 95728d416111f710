package main

import (
	"context"

	"minifb/shared/rules"
)

type checkIDInput struct {
	ID rules.ID `path:"id"`
}

type checkIDOutput struct{ Body struct{} }

func (v views) checkID(ctx context.Context, in *checkIDInput) (*checkIDOutput, error) {
	return &checkIDOutput{}, v.store.RequireFreeID(ctx, string(in.ID))
}
