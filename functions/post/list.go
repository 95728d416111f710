package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/response"
)

type listInput struct{ api.Page }

func (v views) list(ctx context.Context, in *listInput) (*api.ListOutput[response.Post], error) {
	posts, err := v.store.Posts(ctx, api.Viewer(ctx), in.Store())
	if err != nil {
		return nil, err
	}
	return api.Listed(&in.Page, posts, response.NewPost), nil
}
