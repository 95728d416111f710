package main

import (
	"minifb/shared/response"
	"minifb/shared/store"
)

// A reaction is the contract's Reaction.
type reaction struct {
	User      response.Person `json:"user" doc:"Whose it is"`
	Type      int             `json:"type" minimum:"1" maximum:"5" doc:"Which of the five reactions" example:"1"`
	Modified  bool            `json:"modified" doc:"Whether its type was ever changed"`
	CreatedAt response.Time   `json:"created_at" doc:"When it was put first"`
}

func newReaction(r store.Reaction) reaction {
	return reaction{response.NewPerson(r.User), r.Type, r.Modified, response.Time(r.CreatedAt)}
}
