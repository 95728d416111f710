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
		Method: http.MethodPost, Path: "/auth", ID: "signIn", Access: api.Public,
		Summary: "Sign in",
		Description: "Opens a session. A wrong password and an unknown ID get the same response after the same " +
			"time. If the password was a temporary one, must_change_password is true, and the session may only " +
			"call PATCH /user/password.",
		Errors: []int{401, 429},
	}, v.signIn)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/refresh", ID: "refresh", Access: api.Public,
		Summary: "Exchange a refresh token for its successor and an access token",
		Description: "A refresh token works once: using it again revokes its session. Within 10 seconds, " +
			"and as long as none of its successors was used, it may be sent again, so that a lost response costs " +
			"nothing. A session lasts 30 days after its last refresh, and 180 days after its sign-in at most.",
		Errors: []int{401, 429},
	}, v.refresh)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/session", ID: "listSessions", Access: api.SignedIn,
		Summary:     "List one's sessions, newest first",
		Description: "The session of this request is the one whose current is true.",
	}, v.listSessions)
	api.Register(a, api.Route{
		Method: http.MethodDelete, Path: "/session/{id}", ID: "revokeSession", Access: api.SignedIn,
		Summary: "Revoke one of one's sessions",
		Description: "The id current names the session of this request. Every function refuses the session's " +
			"access tokens within a second.",
		Status: http.StatusNoContent, Errors: []int{404},
	}, v.revokeSession)
	api.Register(a, api.Route{
		Method: http.MethodDelete, Path: "/session", ID: "revokeSessions", Access: api.SignedIn,
		Summary:     "Revoke all of one's sessions, this one included",
		Description: "Signs out everywhere.",
		Status:      http.StatusNoContent,
	}, v.revokeSessions)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/.well-known/jwks.json", ID: "getKeys", Access: api.Public,
		Summary:     "Get the public keys that verify access tokens",
		Description: "A JWK set without private keys. Access tokens are JWTs that one of them verifies.",
	}, v.getKeys)
}
