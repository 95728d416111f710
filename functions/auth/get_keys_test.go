package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
	"minifb/shared/token"
)

func TestJWKS(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	b.Run(t, []areatest.Step{
		{Name: "the keys", Do: "GET /.well-known/jwks.json", Want: 200, Check: func(t *testing.T, a areatest.Response) {
			// NewVerifier takes no private key.
			verifier, err := token.NewVerifier(string(a.Body), "minifb", "minifb")
			if err != nil {
				t.Fatal(err)
			}
			if claims, err := verifier.Verify(ann.Token); err != nil || claims.UserUID != ann.UID {
				t.Errorf("they do not verify a token: %v", err)
			}
			if got := a.Header.Get("Cache-Control"); got != "public, max-age=300" {
				t.Errorf("Cache-Control is %q", got)
			}
		}},
		{Name: "a token is ignored", Do: "GET /.well-known/jwks.json", Header: map[string]string{"Authorization": "Bearer x"}, Want: 200},
	})
}
