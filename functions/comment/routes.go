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
		Method: http.MethodPost, Path: "/post/{id}/comment", Summary: "Comment on a post", Security: api.SignedIn,
		DefaultStatus: http.StatusCreated, Errors: []int{400, 401, 404, 413, 415, 422},
	}, v.add)
	api.Register(a, huma.Operation{
		Method: http.MethodGet, Path: "/post/{id}/comment", Summary: "List a post's comments, newest first", Security: api.Optional,
		Errors: []int{400, 401, 404},
	}, v.list)
	api.Register(a, huma.Operation{
		Method: http.MethodGet, Path: "/comment/{id}", Summary: "Read a comment", Security: api.Optional,
		Errors: []int{401, 404},
	}, v.read)
	api.Register(a, huma.Operation{
		Method: http.MethodPatch, Path: "/comment/{id}", Summary: "Edit one's own comment", Security: api.SignedIn,
		Errors: []int{400, 401, 403, 404, 412, 413, 415},
	}, v.edit)
	api.Register(a, huma.Operation{
		Method: http.MethodDelete, Path: "/comment/{id}", Summary: "Delete one's own comment", Security: api.SignedIn,
		DefaultStatus: http.StatusNoContent, Errors: []int{401, 403, 404, 412},
	}, v.delete)
}
