package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/rules"
)

type nicknameInput struct {
	Body struct {
		Nickname *rules.Nickname `json:"nickname" nullable:"true"`
	}
}

func (v views) nickname(ctx context.Context, in *nicknameInput) (*meOutput, error) {
	return showMe(v.store.SetNickname(ctx, api.Viewer(ctx), (*string)(in.Body.Nickname)))
}
