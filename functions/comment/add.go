package main

import (
	"context"

	"minifb/shared/api"
)

type addInput struct {
	ID api.ID `path:"id"`
	api.IdempotencyKey
	Body content
}

func (v views) add(ctx context.Context, in *addInput) (*api.CreatedOutput[comment], error) {
	added, err := v.store.AddComment(ctx, api.Viewer(ctx), in.ID.Int(), string(in.Body.Content), in.Key(), api.Encode(newComment))
	return api.Created[comment](added, err, "/comment/")
}
