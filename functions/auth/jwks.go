package main

import (
	"context"
	"encoding/json"
)

type jwksOutput struct {
	CacheControl string          `header:"Cache-Control"`
	Body         json.RawMessage `doc:"A JWK set (RFC 7517), public keys only"`
}

func (v views) jwks(context.Context, *struct{}) (*jwksOutput, error) {
	return &jwksOutput{"public, max-age=300", v.keys}, nil
}
