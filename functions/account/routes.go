package main

import (
	"net/http"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/password"
	"minifb/shared/store"
)

type views struct {
	store     *store.Store
	passwords *password.Hasher
}

func routes(a *api.API, d function.Deps) {
	v := views{d.Store, d.Passwords}
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/check/id/{id}", Summary: "Check that an ID is free", Access: api.Public,
		Errors: []int{400, 409},
	}, v.check)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/signup", Summary: "Make an account", Access: api.Public,
		Status: http.StatusCreated, Errors: []int{409},
	}, v.signUp)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/user", Summary: "Read one's own account", Access: api.SignedIn,
	}, v.me)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/user/{id}", Summary: "Read what a user shows to everybody", Access: api.Optional,
		Errors: []int{404},
	}, v.user)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/user/password", Summary: "Change one's password, and end every other session",
		Access: api.SignedIn, Status: http.StatusNoContent, Errors: []int{403},
	}, v.password)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/user/nickname", Summary: "Change or remove one's nickname", Access: api.SignedIn,
	}, v.nickname)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/user/intro", Summary: "Change or remove one's introduction", Access: api.SignedIn,
	}, v.intro)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/user/email", Summary: "Change or remove one's mail address", Access: api.SignedIn,
		Errors: []int{403},
	}, v.email)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/user/deletion", Summary: "Delete one's account and all that it owns", Access: api.SignedIn,
		Status: http.StatusNoContent, Errors: []int{403},
	}, v.deletion)
}
