package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/store"
)

// Me is an account as its owner sees it.
type Me struct {
	User
	Email *string `json:"email" required:"true" nullable:"true" example:"ann@example.org"`
	Role  string  `json:"role" enum:"user,admin"`
}

type meOutput struct{ Body Me }

func (v views) me(ctx context.Context, _ *struct{}) (*meOutput, error) {
	return showMe(v.store.Viewer(ctx, api.Viewer(ctx)))
}

func showMe(user store.User, err error) (*meOutput, error) {
	if err != nil {
		return nil, err
	}
	return &meOutput{meOf(user)}, nil
}

func meOf(user store.User) Me { return Me{userOf(user), user.Email, user.Role} }
