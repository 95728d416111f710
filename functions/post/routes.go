package main

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/store"
)

type views struct{ store *store.Store }

func routes(a *api.API, d function.Deps) {
	v := views{d.Store}
	api.Register(a, huma.Operation{
		Method: http.MethodPost, Path: "/post", Summary: "Write a post", Security: api.SignedIn,
		DefaultStatus: http.StatusCreated, Errors: []int{400, 401, 413, 415, 422},
	}, v.create)
	api.Register(a, huma.Operation{
		Method: http.MethodGet, Path: "/post", Summary: "List everybody's posts, newest first", Security: api.Optional,
		Errors: []int{400, 401},
	}, v.list)
	api.Register(a, huma.Operation{
		Method: http.MethodGet, Path: "/post/{id}", Summary: "Read a post", Security: api.Optional,
		Errors: []int{401, 404},
	}, v.read)
	api.Register(a, huma.Operation{
		Method: http.MethodPatch, Path: "/post/{id}", Summary: "Edit one's own post", Security: api.SignedIn,
		Errors: []int{400, 401, 403, 404, 412, 413, 415},
	}, v.edit)
	api.Register(a, huma.Operation{
		Method: http.MethodDelete, Path: "/post/{id}", Summary: "Delete one's own post", Security: api.SignedIn,
		DefaultStatus: http.StatusNoContent, Errors: []int{401, 403, 404, 412},
	}, v.delete)
}
