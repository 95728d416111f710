package main

import (
	"context"

	"minifb/shared/api"
)

type endInput struct {
	ID string `path:"id" doc:"A session's id, or 'current' for the one that asks" example:"current"`
}

func (v views) end(ctx context.Context, in *endInput) (*struct{}, error) {
	id := in.ID
	if id == "current" {
		id = api.Session(ctx)
	}
	return nil, v.store.RevokeSession(ctx, api.Viewer(ctx), id)
}
