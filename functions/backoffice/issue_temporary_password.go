package main

import (
	"context"

	"minifb/shared/response"
)

type issueInput struct {
	// Not a rules.ID: an ID that breaks the rule is nobody's, and 404 like any other unknown ID.
	ID string `path:"id" doc:"A user's ID, in whatever case" example:"ann.1"`
}

type issueOutput struct {
	CacheControl string `header:"Cache-Control" doc:"no-store, as the body is secret"`
	Body         struct {
		TemporaryPassword string        `json:"temporary_password" doc:"Valid for one sign-in" example:"q7GmYxTj3Kd9"`
		ExpiresAt         response.Time `json:"expires_at" doc:"Until when it can be used to sign in"`
	}
}

func (v views) issueTemporaryPassword(ctx context.Context, in *issueInput) (*issueOutput, error) {
	uid, err := v.store.UserUID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	password, expires, err := v.store.IssueTemporaryPassword(ctx, uid)
	if err != nil {
		return nil, err
	}
	out := &issueOutput{CacheControl: "no-store"}
	out.Body.TemporaryPassword, out.Body.ExpiresAt = password, response.Time(expires)
	return out, nil
}
