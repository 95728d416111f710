package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/response"
	"minifb/shared/store"
)

// A temporaryPasswordRequest waits for an administrator.
type temporaryPasswordRequest struct {
	ID        int64           `json:"id" doc:"The request's id" example:"3"`
	User      response.Person `json:"user" doc:"Whose account it is"`
	CreatedAt response.Time   `json:"created_at" doc:"When it was requested first"`
}

func newTemporaryPasswordRequest(r store.TemporaryPasswordRequest) temporaryPasswordRequest {
	return temporaryPasswordRequest{r.ID, response.NewPerson(r.User), response.Time(r.CreatedAt)}
}

type listRequestsInput struct{ api.Page }

func (v views) listRequests(
	ctx context.Context, in *listRequestsInput,
) (*api.ListOutput[temporaryPasswordRequest], error) {
	requests, err := v.store.TemporaryPasswordRequests(ctx, in.Store())
	if err != nil {
		return nil, err
	}
	return api.Listed(&in.Page, requests, newTemporaryPasswordRequest), nil
}
