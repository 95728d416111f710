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
		Method: http.MethodGet, Path: "/timeline", Summary: "List one's own posts, newest first", Security: api.SignedIn,
		Errors: []int{400, 401},
	}, v.mine)
	api.Register(a, huma.Operation{
		Method: http.MethodGet, Path: "/timeline/{id}", Summary: "List a user's posts, newest first", Security: api.Optional,
		Errors: []int{400, 401, 404},
	}, v.theirs)
}
