package main

import (
	"context"
	"net/http"

	"minifb/shared/api"
	"minifb/shared/store"
)

type putInput struct {
	ID   api.ID `path:"id"`
	Body struct {
		Type int `json:"type" minimum:"1" maximum:"5" doc:"Which of the five reactions" example:"1"`
	}
}

type putOutput struct {
	Status int `doc:"201 for a new reaction, 200 where one stood"`
	Body   reaction
}

func (v views) putToPost(ctx context.Context, in *putInput) (*putOutput, error) {
	return put(v.store.PutPostReaction(ctx, api.Viewer(ctx), in.ID.Int(), in.Body.Type))
}

func (v views) putToComment(ctx context.Context, in *putInput) (*putOutput, error) {
	return put(v.store.PutCommentReaction(ctx, api.Viewer(ctx), in.ID.Int(), in.Body.Type))
}

func put(r store.Reaction, created bool, err error) (*putOutput, error) {
	if err != nil {
		return nil, err
	}
	if created {
		return &putOutput{http.StatusCreated, show(r)}, nil
	}
	return &putOutput{http.StatusOK, show(r)}, nil
}
