package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/response"
)

type listOfUserInput struct {
	ID string `path:"id" doc:"A user's ID, in any case" example:"ann.1"`
	api.Page
}

func (v views) listOfUser(ctx context.Context, in *listOfUserInput) (*api.ListOutput[response.Post], error) {
	posts, err := v.store.TimelineOf(ctx, api.Viewer(ctx), in.ID, in.Store())
	if err != nil {
		return nil, err
	}
	return api.Listed(&in.Page, posts, response.NewPost), nil
}
