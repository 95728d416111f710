package main

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

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
	api.Register(a, huma.Operation{
		Method: http.MethodGet, Path: "/check/id/{id}", Summary: "Check that an ID is free", Security: api.Public,
		Errors: []int{400, 409},
	}, v.check)
	api.Register(a, huma.Operation{
		Method: http.MethodPost, Path: "/signup", Summary: "Make an account", Security: api.Public,
		DefaultStatus: http.StatusCreated, Errors: []int{400, 409, 413, 415},
	}, v.signUp)
	api.Register(a, huma.Operation{
		Method: http.MethodGet, Path: "/user", Summary: "Read one's own account", Security: api.SignedIn,
		Errors: []int{401},
	}, v.me)
	api.Register(a, huma.Operation{
		Method: http.MethodGet, Path: "/user/{id}", Summary: "Read what a user shows to everybody", Security: api.Optional,
		Errors: []int{401, 404},
	}, v.user)
	api.Register(a, huma.Operation{
		Method: http.MethodPatch, Path: "/user/password", Summary: "Change one's password, and end every other session",
		Security: api.SignedIn, DefaultStatus: http.StatusNoContent, Errors: []int{400, 401, 403, 413, 415},
	}, v.password)
	api.Register(a, huma.Operation{
		Method: http.MethodPatch, Path: "/user/nickname", Summary: "Change or remove one's nickname", Security: api.SignedIn,
		Errors: []int{400, 401, 413, 415},
	}, v.nickname)
	api.Register(a, huma.Operation{
		Method: http.MethodPatch, Path: "/user/intro", Summary: "Change or remove one's introduction", Security: api.SignedIn,
		Errors: []int{400, 401, 413, 415},
	}, v.intro)
	api.Register(a, huma.Operation{
		Method: http.MethodPatch, Path: "/user/email", Summary: "Change or remove one's mail address", Security: api.SignedIn,
		Errors: []int{400, 401, 403, 413, 415},
	}, v.email)
	api.Register(a, huma.Operation{
		Method: http.MethodPost, Path: "/user/deletion", Summary: "Delete one's account and all that it owns", Security: api.SignedIn,
		DefaultStatus: http.StatusNoContent, Errors: []int{400, 401, 403, 413, 415},
	}, v.deletion)
}
