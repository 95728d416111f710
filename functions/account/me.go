package main

import (
	"minifb/shared/response"
	"minifb/shared/store"
)

// A me is an account as its own user sees it.
type me struct {
	response.User
	Email *string `json:"email" required:"true" nullable:"true" doc:"The mail address" example:"ann@example.org"`
	Role  string  `json:"role" enum:"user,admin" doc:"admin may use the back office"`
}

func newMe(user store.User) me { return me{response.NewUser(user), user.Email, user.Role} }

type meOutput struct{ Body me }

// respond returns the output for the viewer's account, or the store's error.
func respond(user store.User, err error) (*meOutput, error) {
	if err != nil {
		return nil, err
	}
	return &meOutput{newMe(user)}, nil
}
