package main

import (
	"context"

	"minifb/shared/api"
)

type keysOutput struct {
	CacheControl string `header:"Cache-Control" doc:"How long the keys may be cached"`
	Body         api.Encoded[keySet]
}

// A keySet documents a JWK set (RFC 7517).
type keySet struct {
	Keys []key `json:"keys" nullable:"false" doc:"The public keys"`
}

type key struct {
	Type      string `json:"kty" doc:"OKP or EC" enum:"OKP,EC"`
	Use       string `json:"use" doc:"sig: it verifies signatures" example:"sig"`
	Algorithm string `json:"alg" doc:"EdDSA or ES256" enum:"EdDSA,ES256"`
	ID        string `json:"kid" doc:"As in a token's header" example:"bdXqD0AiYUURZWjEa-yTEbP6vd4_E39dfZFArz_2uCg"`
	Curve     string `json:"crv" doc:"Ed25519 or P-256" enum:"Ed25519,P-256"`
	X         string `json:"x" doc:"The key, or its x coordinate" example:"VsnV3GKoU5RYDro4N2zLc6AkZqR4F_MKw2uztDpaEas"`
	Y         string `json:"y,omitempty" doc:"The y coordinate of an EC key"`
}

func (v views) getKeys(context.Context, *struct{}) (*keysOutput, error) {
	keys, err := v.tokens.PublicSet()
	return &keysOutput{"public, max-age=300", api.EncodedAs[keySet](keys)}, err
}
