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
	a.WarmUp(store.WarmFeed, store.WarmAnonymousFeed, store.WarmSharedFeed, store.WarmKnownFeed,
		store.WarmKnownFeedOfViewer, store.WarmPost)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/post", ID: "createPost", Access: api.SignedIn,
		Summary: "Create a post",
		Description: "With an Idempotency-Key, the same request creates one post however often it is sent: the " +
			"same key and the same body return the first response again for 24 hours, and the same key with " +
			"another body is 422.",
		Status: http.StatusCreated, Errors: []int{422},
	}, v.create)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/post", ID: "listPosts", Access: api.Optional,
		Summary:     "List all posts, newest first",
		Description: "The feed: the posts of all users.",
	}, v.list)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/post/{id}", ID: "getPost", Access: api.Optional,
		Summary: "Get a post",
		Description: "The ETag is the revision of the content, not of the counters. Send it as If-Match with a " +
			"change.",
		Errors: []int{404},
	}, v.get)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/post/{id}", ID: "editPost", Access: api.SignedIn,
		Summary: "Edit one's own post",
		Description: "The same content changes nothing; another one sets modified. With If-Match it is 412 if " +
			"the content has changed meanwhile.",
		Errors: []int{403, 404, 412},
	}, v.edit)
	api.Register(a, api.Route{
		Method: http.MethodDelete, Path: "/post/{id}", ID: "deletePost", Access: api.SignedIn,
		Summary: "Delete one's own post",
		Description: "Its comments, its reactions and the notifications of it go, too. With If-Match it is 412 " +
			"if the content has changed meanwhile.",
		Status: http.StatusNoContent, Errors: []int{403, 404, 412},
	}, v.delete)
}
