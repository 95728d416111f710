package main

import (
	"net/http"

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

// replaced documents the other success of a put.
var replaced = map[int]string{http.StatusOK: "The viewer had a reaction already; it has this type now"}
