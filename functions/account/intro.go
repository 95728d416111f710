package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/rules"
)

type introInput struct {
	Body struct {
		Intro *rules.Intro `json:"intro" nullable:"true"`
	}
}

func (v views) intro(ctx context.Context, in *introInput) (*meOutput, error) {
	return showMe(v.store.SetIntro(ctx, api.Viewer(ctx), (*string)(in.Body.Intro)))
}
