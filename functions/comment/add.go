package main

import (
	"context"

	"minifb/shared/api"
)

type content struct {
	Content string `json:"content" minLength:"1" maxLength:"1000" doc:"The text, in code points; stored as sent" example:"좋아요!"`
}

type addInput struct {
	ID api.ID `path:"id"`
	api.IdempotencyKey
	Body content
}

func (v views) add(ctx context.Context, in *addInput) (*api.CreatedOutput[comment], error) {
	added, err := v.store.AddComment(ctx, api.Viewer(ctx), in.ID.Int(), in.Body.Content, in.Key(), api.Encode(show))
	return api.Created[comment](added, err, "/comment/")
}
