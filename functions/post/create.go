package main

import (
	"context"
	"fmt"

	"minifb/shared/api"
	"minifb/shared/shape"
)

type content struct {
	Content string `json:"content" minLength:"1" maxLength:"3000" doc:"The text, in code points; stored as sent" example:"안녕!"`
}

type createInput struct{ Body content }

type createOutput struct {
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Body     shape.Post
}

func (v views) create(ctx context.Context, in *createInput) (*createOutput, error) {
	post, err := v.store.CreatePost(ctx, api.Viewer(ctx), in.Body.Content)
	if err != nil {
		return nil, err
	}
	return &createOutput{fmt.Sprintf("/post/%d", post.ID), api.ETag(post.Revision), shape.PostOf(post)}, nil
}
