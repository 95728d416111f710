package main

import (
	"context"

	"minifb/shared/api"
)

func (v views) revokeSessions(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, v.store.RevokeSessions(ctx, api.Viewer(ctx))
}
