package main

import (
	"context"

	"minifb/shared/api"
)

func (v views) getMe(ctx context.Context, _ *struct{}) (*meOutput, error) {
	return respond(v.store.Viewer(ctx, api.Viewer(ctx)))
}
