package main

import (
	"net/http"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/store"
)

type views struct{ store *store.Store }

func routes(a *api.API, d function.Deps) {
	v := views{d.Store}
	a.WarmUp(store.WarmComments)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/post/{id}/comment", ID: "addComment", Access: api.SignedIn,
		Summary: "Comment on a post",
		Description: "Notifies the author of the post. With an Idempotency-Key, the same request adds one " +
			"comment however often it is sent: the same key and the same body return the first response again for " +
			"24 hours, and the same key with another body is 422.",
		Status: http.StatusCreated, Errors: []int{404, 422},
	}, v.add)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/post/{id}/comment", ID: "listComments", Access: api.Optional,
		Summary:     "List a post's comments, newest first",
		Description: "The comments of one post.",
		Errors:      []int{404},
	}, v.list)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/comment/{id}", ID: "getComment", Access: api.Optional,
		Summary: "Get a comment",
		Description: "The ETag is the revision of the content, not of the counters. Send it as If-Match with a " +
			"change.",
		Errors: []int{404},
	}, v.get)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/comment/{id}", ID: "editComment", Access: api.SignedIn,
		Summary: "Edit one's own comment",
		Description: "The same content changes nothing; another one sets modified. With If-Match it is 412 if " +
			"the content has changed meanwhile.",
		Errors: []int{403, 404, 412},
	}, v.edit)
	api.Register(a, api.Route{
		Method: http.MethodDelete, Path: "/comment/{id}", ID: "deleteComment", Access: api.SignedIn,
		Summary: "Delete one's own comment",
		Description: "Its reactions and its notification go, too. With If-Match it is 412 if the content has " +
			"changed meanwhile.",
		Status: http.StatusNoContent, Errors: []int{403, 404, 412},
	}, v.delete)
}
