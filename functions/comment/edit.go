package main

import (
	"context"

	"minifb/shared/api"
)

type editInput struct {
	ID api.ID `path:"id"`
	api.Condition
	Body commentContent
}

func (v views) edit(ctx context.Context, in *editInput) (*commentOutput, error) {
	return respond(v.store.EditOwnComment(ctx, api.Viewer(ctx), in.ID.Int(), in.Match(), string(in.Body.Content)))
}
