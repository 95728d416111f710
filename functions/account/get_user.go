package main

import (
	"context"

	"minifb/shared/response"
)

type getUserInput struct {
	// Not a rules.ID: an ID that breaks the rule is 404, like any other unknown ID.
	ID string `path:"id" doc:"A user's ID, in any case" example:"ann.1"`
}

type getUserOutput struct{ Body response.User }

func (v views) getUser(ctx context.Context, in *getUserInput) (*getUserOutput, error) {
	user, err := v.store.UserByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &getUserOutput{response.NewUser(user)}, nil
}
