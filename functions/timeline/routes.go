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
		Method: http.MethodGet, Path: "/timeline", ID: "listMyPosts", Access: api.SignedIn,
		Summary:     "List one's own posts, newest first",
		Description: "The viewer's own timeline.",
	}, v.listMine)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/timeline/{id}", ID: "listPostsOfUser", Access: api.Optional,
		Summary:     "List a user's posts, newest first",
		Description: "The timeline of a user, whose ID is found in any case of its letters.",
		Errors:      []int{404},
	}, v.listOfUser)
}
