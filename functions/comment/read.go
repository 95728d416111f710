package main

import (
	"context"

	"minifb/shared/api"
)

type readInput struct {
	ID api.ID `path:"id"`
}

func (v views) read(ctx context.Context, in *readInput) (*commentOutput, error) {
	return answer(v.store.Comment(ctx, api.Viewer(ctx), in.ID.Int()))
}
