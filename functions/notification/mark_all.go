package main

import (
	"context"
	"math"

	"minifb/shared/api"
)

type markAllInput struct {
	Body *struct {
		UpTo *int64 `json:"up_to,omitempty" nullable:"true" minimum:"1" doc:"The last to mark; by default all"`
	}
}

func (v views) markAll(ctx context.Context, in *markAllInput) (*countOutput, error) {
	upTo := int64(math.MaxInt64)
	if in.Body != nil && in.Body.UpTo != nil {
		upTo = *in.Body.UpTo
	}
	return respondCount(v.store.ReadUpTo(ctx, api.Viewer(ctx), upTo))
}
