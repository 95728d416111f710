package main

import (
	"context"

	"minifb/shared/api"
)

type revokeSessionInput struct {
	ID string `path:"id" doc:"A session's id, or 'current' for that of the access token" example:"current"`
}

func (v views) revokeSession(ctx context.Context, in *revokeSessionInput) (*struct{}, error) {
	id := in.ID
	if id == "current" {
		id = api.Session(ctx)
	}
	return nil, v.store.RevokeSession(ctx, api.Viewer(ctx), id)
}
