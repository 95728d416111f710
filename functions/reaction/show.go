package main

import (
	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/response"
	"minifb/shared/store"
)

// A reaction as the contract shows it.
type reaction struct {
	User      response.Person `json:"user"`
	Type      int             `json:"type" minimum:"1" maximum:"5"`
	Modified  bool            `json:"modified" doc:"Whether another type was put over the first"`
	CreatedAt response.Time   `json:"created_at"`
}

func show(r store.Reaction) reaction {
	return reaction{response.NewPerson(r.User), r.Type, r.Modified, response.Time(r.CreatedAt)}
}

// replaced documents the other success of a put. Huma adds the rest to it, so each route has one of its own.
func replaced() map[string]*huma.Response {
	body := &huma.MediaType{Schema: &huma.Schema{Ref: "#/components/schemas/Reaction"}}
	return map[string]*huma.Response{"200": {
		Description: "A reaction of mine stood already; it has this type now", Content: map[string]*huma.MediaType{"application/json": body},
	}}
}
