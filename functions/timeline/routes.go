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
		Method: http.MethodGet, Path: "/timeline", Summary: "List one's own posts, newest first", Access: api.SignedIn,
	}, v.mine)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/timeline/{id}", Summary: "List a user's posts, newest first", Access: api.Optional,
		Errors: []int{404},
	}, v.theirs)
}
