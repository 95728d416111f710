package main

import (
	"context"

	"minifb/shared/api"
)

type listInput struct {
	Unread string `query:"unread" enum:"true,false" doc:"true lists what is unread alone"`
	api.Page
}

func (v views) list(ctx context.Context, in *listInput) (*api.ListOutput[notification], error) {
	notifications, err := v.store.Notifications(ctx, api.Viewer(ctx), in.Unread == "true", in.Store())
	if err != nil {
		return nil, err
	}
	return api.Listed(&in.Page, notifications, show), nil
}
