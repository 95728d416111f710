package main

import (
	"net/http"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/password"
	"minifb/shared/store"
	"minifb/shared/token"
)

type views struct {
	store     *store.Store
	passwords *password.Hasher
	signer    *token.Signer
	keys      []byte // a JWK set
}

func routes(a *api.API, d function.Deps) {
	v := views{d.Store, d.Passwords, d.Signer, d.Tokens.PublicSet()}
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/auth", Summary: "Sign in", Access: api.Public,
		Errors: []int{401},
	}, v.signIn)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/refresh", Summary: "Trade a refresh token for its successor and an access token",
		Access: api.Public, Errors: []int{401},
	}, v.refresh)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/session", Summary: "List one's sessions, newest first", Access: api.SignedIn,
	}, v.list)
	api.Register(a, api.Route{
		Method: http.MethodDelete, Path: "/session/{id}", Summary: "End one of one's sessions", Access: api.SignedIn,
		Status: http.StatusNoContent, Errors: []int{404},
	}, v.end)
	api.Register(a, api.Route{
		Method: http.MethodDelete, Path: "/session", Summary: "End all of one's sessions, this one too", Access: api.SignedIn,
		Status: http.StatusNoContent,
	}, v.endAll)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/.well-known/jwks.json", Summary: "The public keys that access tokens are checked with",
		Access: api.Public,
	}, v.jwks)
}
