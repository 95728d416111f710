package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/rules"
)

type setIntroInput struct {
	Body struct {
		Intro *rules.Intro `json:"intro" nullable:"true"`
	}
}

func (v views) setIntro(ctx context.Context, in *setIntroInput) (*meOutput, error) {
	return respond(v.store.SetIntro(ctx, api.Viewer(ctx), (*string)(in.Body.Intro)))
}
