package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/shape"
)

type content struct {
	Content string `json:"content" minLength:"1" maxLength:"3000" doc:"The text, in code points; stored as sent" example:"안녕!"`
}

type createInput struct {
	api.Once
	Body content
}

func (v views) create(ctx context.Context, in *createInput) (*api.CreatedOutput[shape.Post], error) {
	created, err := v.store.CreatePostOnce(ctx, api.Viewer(ctx), in.Body.Content, in.Store(), api.Render(shape.PostOf))
	return api.Created[shape.Post](created, err, "/post/")
}
