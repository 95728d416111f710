package main

import (
	"context"
	"math"

	"minifb/shared/api"
)

type readInput struct {
	Body *struct {
		UpTo *int64 `json:"up_to,omitempty" nullable:"true" minimum:"1" doc:"Those up to and with this id; all where it is left out" example:"21"`
	}
}

func (v views) readAll(ctx context.Context, in *readInput) (*countOutput, error) {
	upTo := int64(math.MaxInt64)
	if in.Body != nil && in.Body.UpTo != nil {
		upTo = *in.Body.UpTo
	}
	return counted(v.store.ReadUpTo(ctx, api.Viewer(ctx), upTo))
}
