package main

import (
	"net/http"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/limit"
	"minifb/shared/password"
	"minifb/shared/store"
)

type views struct {
	store     *store.Store
	passwords *password.Hasher
	limits    *limit.Limiter
}

func routes(a *api.API, d function.Deps) {
	v := views{d.Store, d.Passwords, d.Limits}
	a.WarmUp(store.WarmUser)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/check/id/{id}", Access: api.Public, Summary: "Check that an ID is free",
		Errors: []int{400, 409, 429},
	}, v.checkID)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/signup", Access: api.Public, Summary: "Create an account",
		Status: http.StatusCreated, Errors: []int{409, 429},
	}, v.signUp)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/user", Access: api.SignedIn, Summary: "Get one's own account",
	}, v.getMe)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/user/{id}", Access: api.Optional, Summary: "Get the public part of an account",
		Errors: []int{404},
	}, v.getUser)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/user/password", Access: api.PasswordChange,
		Summary: "Change one's password, and revoke every other session",
		Status:  http.StatusNoContent, Errors: []int{403, 429},
	}, v.changePassword)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/user/nickname", Access: api.SignedIn, Summary: "Set or remove one's nickname",
	}, v.setNickname)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/user/intro", Access: api.SignedIn,
		Summary: "Set or remove one's introduction",
	}, v.setIntro)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/user/email", Access: api.SignedIn,
		Summary: "Set or remove one's mail address",
		Errors:  []int{403, 429},
	}, v.setEmail)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/user/deletion", Access: api.SignedIn,
		Summary: "Delete one's account and everything that it owns",
		Status:  http.StatusNoContent, Errors: []int{403, 429},
	}, v.deleteAccount)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/temporary-password", Access: api.Public,
		Summary: "Request a temporary password by mail, for an account whose password is forgotten",
		Status:  http.StatusAccepted, Errors: []int{429},
	}, v.requestTemporaryPassword)
}
