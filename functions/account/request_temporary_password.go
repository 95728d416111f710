package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/rules"
)

type requestTemporaryPasswordInput struct {
	Body struct {
		ID rules.ID `json:"id"`
	}
}

type requestTemporaryPasswordOutput struct{ Body struct{} }

// requestTemporaryPassword does not look the account up, so that neither the response nor its time
// says whether it exists.
func (v views) requestTemporaryPassword(
	ctx context.Context, in *requestTemporaryPasswordInput,
) (*requestTemporaryPasswordOutput, error) {
	id := string(in.Body.ID)
	if err := v.limits.TemporaryPassword(ctx, api.ClientAddress(ctx), id); err != nil {
		return nil, err
	}
	return &requestTemporaryPasswordOutput{}, v.store.RequestTemporaryPassword(ctx, id)
}
