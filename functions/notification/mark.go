package main

import (
	"context"

	"minifb/shared/api"
)

type markInput struct {
	ID   api.ID `path:"id"`
	Body struct {
		Read bool `json:"read" doc:"true to mark it as read, false as unread" example:"true"`
	}
}

type markOutput struct{ Body notification }

func (v views) mark(ctx context.Context, in *markInput) (*markOutput, error) {
	marked, err := v.store.SetRead(ctx, api.Viewer(ctx), in.ID.Int(), in.Body.Read)
	if err != nil {
		return nil, err
	}
	return &markOutput{newNotification(marked)}, nil
}
