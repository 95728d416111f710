package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/response"
	"minifb/shared/store"
)

type createInput struct {
	api.IdempotencyKey
	Body postContent
}

func (v views) create(ctx context.Context, in *createInput) (*api.CreatedOutput[response.Post], error) {
	post := store.Post{OwnerUID: api.Viewer(ctx), Content: string(in.Body.Content)}
	created, err := v.store.CreatePost(ctx, post, in.Key(), api.Encode(response.NewPost))
	return api.Created[response.Post](created, err, "/post/")
}
