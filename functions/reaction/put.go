package main

import (
	"context"
	"net/http"

	"minifb/shared/api"
	"minifb/shared/rules"
	"minifb/shared/store"
)

type putInput struct {
	ID   api.ID `path:"id"`
	Body struct {
		Type rules.ReactionType `json:"type"`
	}
}

type putOutput struct {
	Status int
	Body   reaction
}

// changed is the other success of a put.
var changed = map[int]string{http.StatusOK: "The viewer had a reaction already; it has this type now"}

func (v views) putToPost(ctx context.Context, in *putInput) (*putOutput, error) {
	return respond(v.store.PutPostReaction(ctx, api.Viewer(ctx), in.ID.Int(), int(in.Body.Type)))
}

func (v views) putToComment(ctx context.Context, in *putInput) (*putOutput, error) {
	return respond(v.store.PutCommentReaction(ctx, api.Viewer(ctx), in.ID.Int(), int(in.Body.Type)))
}

// respond returns the output for a reaction that was put, or the store's error.
func respond(r store.Reaction, created bool, err error) (*putOutput, error) {
	if err != nil {
		return nil, err
	}
	if created {
		return &putOutput{http.StatusCreated, newReaction(r)}, nil
	}
	return &putOutput{http.StatusOK, newReaction(r)}, nil
}
