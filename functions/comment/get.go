package main

import (
	"context"

	"minifb/shared/api"
)

type getInput struct {
	ID api.ID `path:"id"`
}

func (v views) get(ctx context.Context, in *getInput) (*commentOutput, error) {
	return respond(v.store.Comment(ctx, api.Viewer(ctx), in.ID.Int()))
}
