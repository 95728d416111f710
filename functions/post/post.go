package main

import (
	"minifb/shared/api"
	"minifb/shared/response"
	"minifb/shared/rules"
	"minifb/shared/store"
)

// A postContent is the body of a post that is created or edited.
type postContent struct {
	Content rules.PostContent `json:"content"`
}

type postOutput struct {
	ETag string `header:"ETag" doc:"The revision of the content, for If-Match"`
	Body response.Post
}

// respond returns the output for a post, or the store's error.
func respond(p store.Post, err error) (*postOutput, error) {
	if err != nil {
		return nil, err
	}
	return &postOutput{api.ETag(p.Revision), response.NewPost(p)}, nil
}
