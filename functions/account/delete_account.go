package main

import (
	"context"
	"fmt"
	"time"

	"minifb/shared/api"
	"minifb/shared/rules"
)

type deleteAccountInput struct {
	Body struct {
		Password rules.Password `json:"password"`
	}
}

func (v views) deleteAccount(ctx context.Context, in *deleteAccountInput) (*struct{}, error) {
	credential, err := v.checkPassword(ctx, in.Body.Password)
	if err != nil {
		return nil, err
	}
	if err := v.store.DeleteAccount(ctx, credential); err != nil {
		return nil, err
	}
	v.sweep(ctx)
	return nil, nil
}

// responseTime is how much of a request's time limit sweep leaves for the response.
const responseTime = time.Second

// sweep deletes the rows of deleted accounts for as long as the request may take. The account is
// hidden already, and the next sweep continues where this one ends, so an error is not the
// client's.
func (v views) sweep(ctx context.Context) {
	deadline, _ := ctx.Deadline() // every request has one
	ctx, cancel := context.WithDeadline(ctx, deadline.Add(-responseTime))
	defer cancel()
	if err := v.store.Sweep(ctx); err != nil && ctx.Err() == nil {
		api.Note(ctx, fmt.Errorf("the account is deleted, but not all of its rows: %w", err))
	}
}
