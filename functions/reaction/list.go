package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/store"
)

type listInput struct {
	ID api.ID `path:"id"`
	api.Page
}

func (v views) listOfPost(ctx context.Context, in *listInput) (*api.ListOutput[reaction], error) {
	reactions, err := v.store.PostReactions(ctx, in.ID.Int(), in.Store())
	return respondList(in, reactions, err)
}

func (v views) listOfComment(ctx context.Context, in *listInput) (*api.ListOutput[reaction], error) {
	reactions, err := v.store.CommentReactions(ctx, in.ID.Int(), in.Store())
	return respondList(in, reactions, err)
}

func respondList(in *listInput, reactions store.List[store.Reaction], err error) (*api.ListOutput[reaction], error) {
	if err != nil {
		return nil, err
	}
	return api.Listed(&in.Page, reactions, newReaction), nil
}
