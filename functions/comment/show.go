package main

import (
	"minifb/shared/api"
	"minifb/shared/response"
	"minifb/shared/store"
)

// A comment as the contract shows it.
type comment struct {
	ID         int64              `json:"id" example:"7"`
	PostID     int64              `json:"post_id" example:"14"`
	Owner      response.Person    `json:"owner"`
	Content    string             `json:"content" doc:"1–1000 code points"`
	Modified   bool               `json:"modified" doc:"Whether the content was ever changed"`
	Reactions  response.Reactions `json:"reactions" doc:"How many of each type"`
	MyReaction *int               `json:"my_reaction" required:"true" nullable:"true" doc:"1–5; null without one, and without a token"`
	CreatedAt  response.Time      `json:"created_at"`
}

func show(c store.Comment) comment {
	return comment{
		ID: c.ID, PostID: c.PostID, Owner: response.NewPerson(c.Owner), Content: c.Content, Modified: c.Modified,
		Reactions: response.NewReactions(c.Tally), MyReaction: c.MyReaction, CreatedAt: response.Time(c.CreatedAt),
	}
}

type commentOutput struct {
	ETag string `header:"ETag"`
	Body comment
}

func answer(c store.Comment, err error) (*commentOutput, error) {
	if err != nil {
		return nil, err
	}
	return &commentOutput{api.ETag(c.Revision), show(c)}, nil
}
