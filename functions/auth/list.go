package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/response"
	"minifb/shared/store"
)

// A Session is one sign-in of the caller's that still stands.
type Session struct {
	ID         string        `json:"id" format:"uuid"`
	CreatedAt  response.Time `json:"created_at"`
	LastUsedAt response.Time `json:"last_used_at" doc:"When it was refreshed last"`
	UserAgent  string        `json:"user_agent" doc:"As sent at sign-in"`
	Current    bool          `json:"current" doc:"Whether it is the one that asks"`
}

type listInput struct{ api.Page }

func (v views) list(ctx context.Context, in *listInput) (*api.ListOutput[Session], error) {
	sessions, err := v.store.Sessions(ctx, api.Viewer(ctx), in.Store())
	if err != nil {
		return nil, err
	}
	return api.Listed(&in.Page, sessions, func(s store.Session) Session {
		return Session{s.ID, response.Time(s.CreatedAt), response.Time(s.LastUsedAt), s.UserAgent, s.ID == api.Session(ctx)}
	}), nil
}
