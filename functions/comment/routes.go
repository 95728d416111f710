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
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/post/{id}/comment", Summary: "Comment on a post", Access: api.SignedIn,
		Status: http.StatusCreated, Errors: []int{404, 422},
	}, v.add)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/post/{id}/comment", Summary: "List a post's comments, newest first", Access: api.Optional,
		Errors: []int{404},
	}, v.list)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/comment/{id}", Summary: "Read a comment", Access: api.Optional,
		Errors: []int{404},
	}, v.read)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/comment/{id}", Summary: "Edit one's own comment", Access: api.SignedIn,
		Errors: []int{403, 404, 412},
	}, v.edit)
	api.Register(a, api.Route{
		Method: http.MethodDelete, Path: "/comment/{id}", Summary: "Delete one's own comment", Access: api.SignedIn,
		Status: http.StatusNoContent, Errors: []int{403, 404, 412},
	}, v.delete)
}
