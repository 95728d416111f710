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
	a.WarmUp(store.WarmTimeline)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/timeline", Access: api.SignedIn, Summary: "List one's own posts, newest first",
	}, v.listMine)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/timeline/{id}", Access: api.Optional,
		Summary: "List a user's posts, newest first",
		Errors:  []int{404},
	}, v.listOfUser)
}
