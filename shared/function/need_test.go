package function_test

import (
	"strings"
	"testing"

	"minifb/shared/function"
	"minifb/shared/token"
)

// Auth must not start where every token it makes would be refused.
func TestToSign(t *testing.T) {
	t.Parallel()
	private, public, err := token.GenerateKeys()
	if err != nil {
		t.Fatal(err)
	}
	_, others, err := token.GenerateKeys()
	if err != nil {
		t.Fatal(err)
	}
	deps := func(signer, verifier, issuer string) (d function.Deps) {
		if signer != "" {
			if d.Signer, err = token.NewSigner(signer, issuer, "minifb"); err != nil {
				t.Fatal(err)
			}
		}
		if d.Tokens, err = token.NewVerifier(verifier, "minifb", "minifb"); err != nil {
			t.Fatal(err)
		}
		return d
	}
	if err := function.ToSign(deps(private, public, "minifb")); err != nil {
		t.Errorf("a pair is refused: %v", err)
	}
	for name, c := range map[string]struct {
		deps function.Deps
		want string
	}{
		"no key":             {deps("", public, "minifb"), "TOKEN_PRIVATE_KEY is not set"},
		"another's key":      {deps(private, others, "minifb"), "TOKEN_PRIVATE_KEY: its public half is not in TOKEN_PUBLIC_KEYS"},
		"too long an issuer": {deps(private, public, strings.Repeat("i", token.MaxLength)), "TOKEN_PRIVATE_KEY: sign token"},
	} {
		if err := function.ToSign(c.deps); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
