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
		Method: http.MethodPost, Path: "/post", Summary: "Write a post", Access: api.SignedIn,
		Status: http.StatusCreated, Errors: []int{422},
	}, v.create)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/post", Summary: "List everybody's posts, newest first", Access: api.Optional,
	}, v.list)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/post/{id}", Summary: "Read a post", Access: api.Optional,
		Errors: []int{404},
	}, v.read)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/post/{id}", Summary: "Edit one's own post", Access: api.SignedIn,
		Errors: []int{403, 404, 412},
	}, v.edit)
	api.Register(a, api.Route{
		Method: http.MethodDelete, Path: "/post/{id}", Summary: "Delete one's own post", Access: api.SignedIn,
		Status: http.StatusNoContent, Errors: []int{403, 404, 412},
	}, v.delete)
}
