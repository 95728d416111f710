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
	a.WarmUp(store.WarmReactions)
	api.Register(a, api.Route{
		Method: http.MethodPut, Path: "/post/{id}/reaction", Access: api.SignedIn,
		Summary: "React to a post, or change one's reaction",
		Status:  http.StatusCreated, OtherStatuses: changed, Errors: []int{404},
	}, v.putToPost)
	api.Register(a, api.Route{
		Method: http.MethodDelete, Path: "/post/{id}/reaction", Access: api.SignedIn,
		Summary: "Cancel one's reaction to a post",
		Status:  http.StatusNoContent, Errors: []int{404},
	}, v.cancelOfPost)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/post/{id}/reaction", Access: api.Optional,
		Summary: "List the reactions to a post, newest first",
		Errors:  []int{404},
	}, v.listOfPost)
	api.Register(a, api.Route{
		Method: http.MethodPut, Path: "/comment/{id}/reaction", Access: api.SignedIn,
		Summary: "React to a comment, or change one's reaction",
		Status:  http.StatusCreated, OtherStatuses: changed, Errors: []int{404},
	}, v.putToComment)
	api.Register(a, api.Route{
		Method: http.MethodDelete, Path: "/comment/{id}/reaction", Access: api.SignedIn,
		Summary: "Cancel one's reaction to a comment",
		Status:  http.StatusNoContent, Errors: []int{404},
	}, v.cancelOfComment)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/comment/{id}/reaction", Access: api.Optional,
		Summary: "List the reactions to a comment, newest first",
		Errors:  []int{404},
	}, v.listOfComment)
}
