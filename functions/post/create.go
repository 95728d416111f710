package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/response"
)

type createInput struct {
	api.IdempotencyKey
	Body content
}

func (v views) create(ctx context.Context, in *createInput) (*api.CreatedOutput[response.Post], error) {
	created, err := v.store.CreatePost(ctx, api.Viewer(ctx), string(in.Body.Content), in.Key(), api.Encode(response.NewPost))
	return api.Created[response.Post](created, err, "/post/")
}
