package main

import (
	"context"
	"encoding/json"
)

type keysOutput struct {
	CacheControl string          `header:"Cache-Control" doc:"How long the keys may be cached"`
	Body         json.RawMessage `doc:"A JWK set (RFC 7517) of public keys"`
}

func (v views) getKeys(context.Context, *struct{}) (*keysOutput, error) {
	keys, err := v.tokens.PublicSet()
	return &keysOutput{"public, max-age=300", keys}, err
}
