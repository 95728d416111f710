package main

import (
	"context"

	"minifb/shared/api"
)

func (v views) unreadCount(ctx context.Context, _ *struct{}) (*countOutput, error) {
	return counted(v.store.UnreadCount(ctx, api.Viewer(ctx)))
}
