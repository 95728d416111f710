package main

import (
	"context"

	"minifb/shared/api"
	"minifb/shared/response"
	"minifb/shared/store"
)

type listSessionsInput struct{ api.Page }

// A session is one of the viewer's sign-ins that is not revoked.
type session struct {
	ID         string        `json:"id" format:"uuid" doc:"Its id" example:"8e03978e-40d5-43e8-bc93-6894a57f9324"`
	CreatedAt  response.Time `json:"created_at" doc:"When the user signed in"`
	LastUsedAt response.Time `json:"last_used_at" doc:"When it was last refreshed"`
	UserAgent  string        `json:"user_agent" doc:"The User-Agent that was sent at sign-in" example:"curl/8.5.0"`
	Current    bool          `json:"current" doc:"Whether the access token belongs to it"`
}

func newSession(s store.Session, current string) session {
	return session{s.ID, response.Time(s.CreatedAt), response.Time(s.LastUsedAt), s.UserAgent, s.ID == current}
}

func (v views) listSessions(ctx context.Context, in *listSessionsInput) (*api.ListOutput[session], error) {
	sessions, err := v.store.Sessions(ctx, api.Viewer(ctx), in.Store())
	if err != nil {
		return nil, err
	}
	return api.Listed(&in.Page, sessions, func(s store.Session) session { return newSession(s, api.Session(ctx)) }), nil
}
