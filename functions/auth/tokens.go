package main

import (
	"time"

	"minifb/shared/store"
	"minifb/shared/token"
)

// The tokens are what a client holds that is signed in.
type tokens struct {
	AccessToken        string `json:"access_token" doc:"A JWT, for 'Authorization: Bearer …'" example:"eyJhbGciOiJF"`
	TokenType          string `json:"token_type" enum:"Bearer" doc:"How the access token is sent"`
	ExpiresIn          int    `json:"expires_in" doc:"Seconds until the access token expires" example:"300"`
	RefreshToken       string `json:"refresh_token" doc:"For one POST /refresh" example:"Hm4rTqkVwyr3zq1L"`
	MustChangePassword bool   `json:"must_change_password" doc:"Whether the session may only change the password"`
}

type tokensOutput struct {
	CacheControl string `header:"Cache-Control" doc:"no-store, as the body is secret"`
	Body         tokens
}

// respond returns the output for a session that was opened or refreshed, or the store's error.
func (v views) respond(session store.Session, refresh string, err error) (*tokensOutput, error) {
	if err != nil {
		return nil, err
	}
	access, err := v.signer.Sign(token.Claims{
		UserUID: session.UserUID, SessionID: session.ID, MustChangePassword: session.Restricted,
	})
	if err != nil {
		return nil, err
	}
	return &tokensOutput{"no-store", tokens{
		AccessToken: access, TokenType: "Bearer", ExpiresIn: int(token.Lifetime / time.Second), RefreshToken: refresh,
		MustChangePassword: session.Restricted,
	}}, nil
}
