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
	a.WarmUp(store.WarmFeed)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/post", Access: api.SignedIn, Summary: "Create a post",
		Status: http.StatusCreated, Errors: []int{422},
	}, v.create)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/post", Access: api.Optional, Summary: "List all posts, newest first",
	}, v.list)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/post/{id}", Access: api.Optional, Summary: "Get a post",
		Errors: []int{404},
	}, v.get)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/post/{id}", Access: api.SignedIn, Summary: "Edit one's own post",
		Errors: []int{403, 404, 412},
	}, v.edit)
	api.Register(a, api.Route{
		Method: http.MethodDelete, Path: "/post/{id}", Access: api.SignedIn, Summary: "Delete one's own post",
		Status: http.StatusNoContent, Errors: []int{403, 404, 412},
	}, v.delete)
}
