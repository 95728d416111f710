package main

import (
	"time"

	"minifb/shared/store"
	"minifb/shared/token"
)

// Tokens are what a signed-in client holds.
type Tokens struct {
	AccessToken        string `json:"access_token" doc:"A JWT, for 'Authorization: Bearer …'"`
	TokenType          string `json:"token_type" enum:"Bearer"`
	ExpiresIn          int    `json:"expires_in" doc:"Seconds that the access token is good for" example:"300"`
	RefreshToken       string `json:"refresh_token" doc:"For POST /refresh, once"`
	MustChangePassword bool   `json:"must_change_password" doc:"Whether the session can do nothing but change the password"`
}

type tokensOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         Tokens
}

// tokens answers what the store made of a sign-in or a refresh.
func (v views) tokens(session store.Session, refresh string, err error) (*tokensOutput, error) {
	if err != nil {
		return nil, err
	}
	access, err := v.signer.Sign(token.Claims{UserUID: session.UserUID, SessionID: session.ID})
	if err != nil {
		return nil, err
	}
	return &tokensOutput{"no-store", Tokens{
		AccessToken: access, TokenType: "Bearer", ExpiresIn: int(token.Lifetime / time.Second), RefreshToken: refresh,
	}}, nil
}
