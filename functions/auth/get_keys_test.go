package main

import (
	"testing"

	"minifb/shared/reload"
	"minifb/shared/testkit/areatest"
	"minifb/shared/token"
)

func TestGetKeys(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	s.Run(t, []areatest.Step{
		{Name: "the keys", Do: "GET /.well-known/jwks.json", Want: 200, Check: func(t *testing.T, r areatest.Response) {
			// NewVerifier refuses a private key.
			verifier, err := token.NewVerifier(reload.Text(string(r.Body)), "minifb", "minifb")
			if err != nil {
				t.Fatal(err)
			}
			if claims, err := verifier.Verify(ann.Token); err != nil || claims.UserUID != ann.UID {
				t.Errorf("the keys do not verify a token: %v", err)
			}
			if got := r.Header.Get("Cache-Control"); got != "public, max-age=300" {
				t.Errorf("Cache-Control is %q", got)
			}
		}},
		{
			Name: "a token is ignored", Do: "GET /.well-known/jwks.json",
			Header: map[string]string{"Authorization": "Bearer x"}, Want: 200,
		},
	})
}
