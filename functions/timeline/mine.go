package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/response"
)

type mineInput struct{ api.Page }

func (v views) mine(ctx context.Context, in *mineInput) (*api.ListOutput[response.Post], error) {
	posts, err := v.store.Timeline(ctx, api.Viewer(ctx), api.Viewer(ctx), in.Store())
	if err != nil {
		return nil, err
	}
	return api.Listed(&in.Page, posts, response.NewPost), nil
}
