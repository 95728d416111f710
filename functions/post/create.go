package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/response"
)

type content struct {
	Content string `json:"content" minLength:"1" maxLength:"3000" doc:"The text, in code points; stored as sent" example:"안녕!"`
}

type createInput struct {
	api.IdempotencyKey
	Body content
}

func (v views) create(ctx context.Context, in *createInput) (*api.CreatedOutput[response.Post], error) {
	created, err := v.store.CreatePost(ctx, api.Viewer(ctx), in.Body.Content, in.Key(), api.Encode(response.NewPost))
	return api.Created[response.Post](created, err, "/post/")
}
