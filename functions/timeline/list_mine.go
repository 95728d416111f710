package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/response"
)

type listMineInput struct{ api.Page }

func (v views) listMine(ctx context.Context, in *listMineInput) (*api.ListOutput[response.Post], error) {
	posts, err := v.store.Timeline(ctx, api.Viewer(ctx), api.Viewer(ctx), in.Store())
	if err != nil {
		return nil, err
	}
	return api.Listed(&in.Page, posts, response.NewPost), nil
}
