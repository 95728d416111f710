package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/response"
	"minifb/shared/store"
)

type readInput struct {
	ID api.ID `path:"id"`
}

type postOutput struct {
	ETag string `header:"ETag"`
	Body response.Post
}

func (v views) read(ctx context.Context, in *readInput) (*postOutput, error) {
	return show(v.store.Post(ctx, api.Viewer(ctx), in.ID.Int()))
}

func show(post store.Post, err error) (*postOutput, error) {
	if err != nil {
		return nil, err
	}
	return &postOutput{api.ETag(post.Revision), response.NewPost(post)}, nil
}
