package main

import (
	"context"
	"fmt"
	"time"

	"minifb/shared/api"
	"minifb/shared/rules"
)

type deletionInput struct {
	Body struct {
		Password rules.Password `json:"password"`
	}
}

func (v views) deletion(ctx context.Context, in *deletionInput) (*struct{}, error) {
	checked, err := v.verify(ctx, in.Body.Password)
	if err != nil {
		return nil, err
	}
	if err := v.store.DeleteAccount(ctx, checked); err != nil {
		return nil, err
	}
	v.sweep(ctx)
	return nil, nil
}

// answerTime is what is left of a request's time limit for its answer when sweeping stops.
const answerTime = time.Second

// sweep removes what deleted accounts left behind, for as long as the request may take. Nobody sees those rows any more,
// and the next sweep goes on where this one stops; so none of its failures is the caller's.
func (v views) sweep(ctx context.Context) {
	limit, _ := ctx.Deadline() // every request has one
	ctx, cancel := context.WithDeadline(ctx, limit.Add(-answerTime))
	defer cancel()
	if err := v.store.Sweep(ctx); err != nil && ctx.Err() == nil {
		api.Note(ctx, fmt.Errorf("the account is deleted, but not all of its rows: %w", err))
	}
}
