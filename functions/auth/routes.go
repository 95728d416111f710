package main

import (
	"net/http"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/limit"
	"minifb/shared/password"
	"minifb/shared/store"
	"minifb/shared/token"
)

type views struct {
	store     *store.Store
	passwords *password.Hasher
	limits    *limit.Limiter
	signer    *token.Signer
	tokens    *token.Verifier
}

func routes(a *api.API, d function.Deps) {
	v := views{d.Store, d.Passwords, d.Limits, d.Signer, d.Tokens}
	a.WarmUp(store.WarmSessions)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/auth", Access: api.Public, Summary: "Sign in",
		Errors: []int{401, 429},
	}, v.signIn)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/refresh", Access: api.Public,
		Summary: "Exchange a refresh token for its successor and an access token",
		Errors:  []int{401, 429},
	}, v.refresh)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/session", Access: api.SignedIn, Summary: "List one's sessions, newest first",
	}, v.listSessions)
	api.Register(a, api.Route{
		Method: http.MethodDelete, Path: "/session/{id}", Access: api.SignedIn, Summary: "Revoke one of one's sessions",
		Status: http.StatusNoContent, Errors: []int{404},
	}, v.revokeSession)
	api.Register(a, api.Route{
		Method: http.MethodDelete, Path: "/session", Access: api.SignedIn,
		Summary: "Revoke all of one's sessions, this one included",
		Status:  http.StatusNoContent,
	}, v.revokeSessions)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/.well-known/jwks.json", Access: api.Public,
		Summary: "Get the public keys that verify access tokens",
	}, v.getKeys)
}
