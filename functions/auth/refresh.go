package main

import "context"

type refreshInput struct {
	Body struct {
		RefreshToken string `json:"refresh_token" minLength:"1" maxLength:"512" doc:"The one given last" example:"Hm4rTqkVwyr3zq1LkBvZ3wV5pXnZ0Jt7c2uS8dGfYaE"`
	}
}

func (v views) refresh(ctx context.Context, in *refreshInput) (*tokensOutput, error) {
	return v.tokens(v.store.Refresh(ctx, in.Body.RefreshToken))
}
