package main

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/api"
)

type listInput struct {
	Unread string `query:"unread" enum:"true,false" doc:"true lists the unread alone, false all"`
	api.Page
}

// Resolve reads the query and returns its violations.
func (in *listInput) Resolve(ctx huma.Context) []error {
	return append(in.Page.Resolve(ctx), api.RequireOnce(ctx, "unread")...)
}

func (v views) list(ctx context.Context, in *listInput) (*api.ListOutput[notification], error) {
	notifications, err := v.store.Notifications(ctx, api.Viewer(ctx), in.Unread == "true", in.Store())
	if err != nil {
		return nil, err
	}
	return api.Listed(&in.Page, notifications, newNotification), nil
}
