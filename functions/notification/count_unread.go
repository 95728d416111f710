package main

import (
	"context"

	"minifb/shared/api"
)

func (v views) countUnread(ctx context.Context, _ *struct{}) (*countOutput, error) {
	return respondCount(v.store.UnreadCount(ctx, api.Viewer(ctx)))
}
