package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/limit"
	"minifb/shared/rules"
	"minifb/shared/store"
)

type signUpInput struct {
	Body struct {
		ID       rules.ID        `json:"id"`
		Password rules.Password  `json:"password"`
		Name     rules.Name      `json:"name"`
		Nickname *rules.Nickname `json:"nickname,omitempty" nullable:"true"`
		Intro    *rules.Intro    `json:"intro,omitempty" nullable:"true"`
		Email    *rules.Email    `json:"email,omitempty" nullable:"true"`
	}
}

type signUpOutput struct {
	Location string `header:"Location" doc:"The path of the account"`
	Body     me
}

func (v views) signUp(ctx context.Context, in *signUpInput) (*signUpOutput, error) {
	user := store.User{
		ID: string(in.Body.ID), Name: string(in.Body.Name), Nickname: (*string)(in.Body.Nickname),
		Intro: (*string)(in.Body.Intro), Email: (*string)(in.Body.Email),
	}
	if err := v.limits.SignUp(ctx, api.ClientAddress(ctx)); err != nil {
		return nil, err
	}
	// A taken ID is refused before the cost of a hash. CreateUser refuses an ID that is taken in
	// the meantime.
	if err := v.store.RequireFreeID(ctx, user.ID); err != nil {
		return nil, err
	}
	hash, err := v.passwords.Hash(ctx, limit.Requester(api.ClientAddress(ctx), user.ID), string(in.Body.Password))
	if err != nil {
		return nil, err
	}
	user.PasswordHash = hash
	if err := v.store.CreateUser(ctx, &user); err != nil {
		return nil, err
	}
	return &signUpOutput{"/user/" + user.ID, newMe(user)}, nil
}
