package main

import (
	"context"

	"minifb/shared/api"
)

type editInput struct {
	ID api.ID `path:"id"`
	api.Condition
	Body postContent
}

func (v views) edit(ctx context.Context, in *editInput) (*postOutput, error) {
	return respond(v.store.EditOwnPost(ctx, api.Viewer(ctx), in.ID.Int(), in.Match(), string(in.Body.Content)))
}
