package main

import (
	"context"

	"minifb/shared/api"
)

type listInput struct {
	ID api.ID `path:"id"`
	api.Page
}

func (v views) list(ctx context.Context, in *listInput) (*api.ListOutput[comment], error) {
	comments, err := v.store.Comments(ctx, api.Viewer(ctx), in.ID.Int(), in.Store())
	if err != nil {
		return nil, err
	}
	return api.Listed(&in.Page, comments, newComment), nil
}
