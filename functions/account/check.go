package main

import (
	"context"

	"minifb/shared/rules"
)

type checkInput struct {
	ID rules.ID `path:"id"`
}

type checkOutput struct{ Body struct{} }

func (v views) check(ctx context.Context, in *checkInput) (*checkOutput, error) {
	return &checkOutput{}, v.store.RequireFreeID(ctx, string(in.ID))
}
