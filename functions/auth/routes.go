package main

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

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
	api.Register(a, huma.Operation{
		Method: http.MethodPost, Path: "/auth", Summary: "Sign in", Security: api.Public,
		Errors: []int{400, 401, 413, 415},
	}, v.signIn)
	api.Register(a, huma.Operation{
		Method: http.MethodPost, Path: "/refresh", Summary: "Trade a refresh token for its successor and an access token",
		Security: api.Public, Errors: []int{400, 401, 413, 415},
	}, v.refresh)
	api.Register(a, huma.Operation{
		Method: http.MethodGet, Path: "/session", Summary: "List one's sessions, newest first", Security: api.SignedIn,
		Errors: []int{400, 401},
	}, v.list)
	api.Register(a, huma.Operation{
		Method: http.MethodDelete, Path: "/session/{id}", Summary: "End one of one's sessions", Security: api.SignedIn,
		DefaultStatus: http.StatusNoContent, Errors: []int{401, 404},
	}, v.end)
	api.Register(a, huma.Operation{
		Method: http.MethodDelete, Path: "/session", Summary: "End all of one's sessions, this one too", Security: api.SignedIn,
		DefaultStatus: http.StatusNoContent, Errors: []int{401},
	}, v.endAll)
	api.Register(a, huma.Operation{
		Method: http.MethodGet, Path: "/.well-known/jwks.json", Summary: "The public keys that access tokens are checked with",
		Security: api.Public,
	}, v.jwks)
}
