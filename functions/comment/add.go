package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/store"
)

type addInput struct {
	ID api.ID `path:"id"`
	api.IdempotencyKey
	Body commentContent
}

func (v views) add(ctx context.Context, in *addInput) (*api.CreatedOutput[comment], error) {
	c := store.Comment{PostID: in.ID.Int(), OwnerUID: api.Viewer(ctx), Content: string(in.Body.Content)}
	added, err := v.store.AddComment(ctx, c, in.Key(), api.Encode(newComment))
	return api.Created[comment](added, err, "/comment/")
}
