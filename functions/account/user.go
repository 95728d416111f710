package main

import (
	"context"

	"minifb/shared/response"
	"minifb/shared/store"
)

// A User is an account as everybody sees it.
type User struct {
	ID        string        `json:"id" example:"ann.1"`
	Name      string        `json:"name" example:"Ann"`
	Nickname  *string       `json:"nickname" required:"true" nullable:"true"`
	Intro     *string       `json:"intro" required:"true" nullable:"true"`
	CreatedAt response.Time `json:"created_at"`
}

type userInput struct {
	// No field.ID: an ill-formed one is nobody's, and answered like any other that is nobody's.
	ID string `path:"id" doc:"A user's ID, in whatever case" example:"ann.1"`
}

type userOutput struct{ Body User }

func (v views) user(ctx context.Context, in *userInput) (*userOutput, error) {
	user, err := v.store.UserByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &userOutput{userOf(user)}, nil
}

func userOf(u store.User) User {
	return User{ID: u.ID, Name: u.Name, Nickname: u.Nickname, Intro: u.Intro, CreatedAt: response.Time(u.CreatedAt)}
}
