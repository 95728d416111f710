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
		Method: http.MethodPost, Path: "/post/{id}/comment", Access: api.SignedIn, Summary: "Comment on a post",
		Status: http.StatusCreated, Errors: []int{404, 422},
	}, v.add)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/post/{id}/comment", Access: api.Optional,
		Summary: "List a post's comments, newest first",
		Errors:  []int{404},
	}, v.list)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/comment/{id}", Access: api.Optional, Summary: "Get a comment",
		Errors: []int{404},
	}, v.get)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/comment/{id}", Access: api.SignedIn, Summary: "Edit one's own comment",
		Errors: []int{403, 404, 412},
	}, v.edit)
	api.Register(a, api.Route{
		Method: http.MethodDelete, Path: "/comment/{id}", Access: api.SignedIn, Summary: "Delete one's own comment",
		Status: http.StatusNoContent, Errors: []int{403, 404, 412},
	}, v.delete)
}
