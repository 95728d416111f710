package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/response"
)

type theirsInput struct {
	ID string `path:"id" doc:"A user's ID, in whatever case" example:"ann.1"`
	api.Page
}

func (v views) theirs(ctx context.Context, in *theirsInput) (*api.ListOutput[response.Post], error) {
	posts, err := v.store.TimelineOf(ctx, api.Viewer(ctx), in.ID, in.Store())
	if err != nil {
		return nil, err
	}
	return api.Listed(&in.Page, posts, response.NewPost), nil
}
