package main

import (
	"context"

	"minifb/shared/api"
)

type cancelInput struct {
	ID api.ID `path:"id"`
}

func (v views) cancelOfPost(ctx context.Context, in *cancelInput) (*struct{}, error) {
	return nil, v.store.CancelPostReaction(ctx, api.Viewer(ctx), in.ID.Int())
}

func (v views) cancelOfComment(ctx context.Context, in *cancelInput) (*struct{}, error) {
	return nil, v.store.CancelCommentReaction(ctx, api.Viewer(ctx), in.ID.Int())
}
