package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/rules"
)

type setNicknameInput struct {
	Body struct {
		Nickname *rules.Nickname `json:"nickname" nullable:"true"`
	}
}

func (v views) setNickname(ctx context.Context, in *setNicknameInput) (*meOutput, error) {
	return respond(v.store.SetNickname(ctx, api.Viewer(ctx), (*string)(in.Body.Nickname)))
}
