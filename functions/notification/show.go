package main

import (
	"minifb/shared/response"
	"minifb/shared/store"
)

// A notification as the contract shows it.
type notification struct {
	ID           int64           `json:"id" example:"21"`
	Type         int             `json:"type" doc:"1: commented on my post, 2: reacted to my post" enum:"1,2"`
	Actor        response.Person `json:"actor" doc:"Who did it"`
	PostID       int64           `json:"post_id"`
	CommentID    *int64          `json:"comment_id" required:"true" nullable:"true" doc:"Of type 1"`
	ReactionType *int            `json:"reaction_type" required:"true" nullable:"true" doc:"Of type 2: 1–5, as it is now"`
	Read         bool            `json:"read"`
	CreatedAt    response.Time   `json:"created_at"`
}

func show(n store.Notification) notification {
	return notification{n.ID, n.Type, response.NewPerson(n.Actor), n.PostID, n.CommentID, n.ReactionType, n.Read, response.Time(n.CreatedAt)}
}

type countOutput struct {
	Body struct {
		Count int `json:"count"`
	}
}

func counted(n int, err error) (*countOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &countOutput{}
	out.Body.Count = n
	return out, nil
}
