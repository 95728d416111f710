package main

import (
	"context"

	"minifb/shared/api"
)

type deleteInput struct {
	ID api.ID `path:"id"`
	api.Condition
}

func (v views) delete(ctx context.Context, in *deleteInput) (*struct{}, error) {
	return nil, v.store.DeleteOwnComment(ctx, api.Viewer(ctx), in.ID.Int(), in.Match())
}
