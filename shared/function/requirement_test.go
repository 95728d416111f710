package function_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"minifb/shared/config"
	"minifb/shared/function"
	"minifb/shared/reload"
	"minifb/shared/token"
)

// The auth function must not start if every token it signs would be refused.
func TestToSign(t *testing.T) {
	t.Parallel()
	private, public, err := token.GenerateKeys()
	if err != nil {
		t.Fatal(err)
	}
	_, otherPublic, err := token.GenerateKeys()
	if err != nil {
		t.Fatal(err)
	}
	configOf := func(private, public, issuer string) config.Config {
		c := config.Config{TokenPrivateKey: private, TokenPublicKeys: public}
		if private != "" {
			if c.Signer, err = token.NewSigner(reload.Text(private), issuer, "minifb"); err != nil {
				t.Fatal(err)
			}
		}
		if c.Verifier, err = token.NewVerifier(reload.Text(public), "minifb", "minifb"); err != nil {
			t.Fatal(err)
		}
		return c
	}
	if err := function.ToSign(configOf(private, public, "minifb")); err != nil {
		t.Errorf("a matching pair is refused: %v", err)
	}
	if err := function.ToSign(config.Config{TokenPrivateKey: "malformed"}); err != nil {
		t.Errorf("a malformed key is reported twice: %v", err)
	}
	url := httptest.NewServer(nil)
	t.Cleanup(url.Close)
	source, err := reload.URL(url.URL + "/missing")
	if err != nil {
		t.Fatal(err)
	}
	fromURL := configOf(private, public, "minifb")
	if fromURL.Verifier, err = token.NewVerifier(source, "minifb", "minifb"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		config config.Config
		want   string
	}{
		"no key":             {configOf("", public, "minifb"), "TOKEN_PRIVATE_KEY: name the private JWK set"},
		"another pair's key": {configOf(private, otherPublic, "minifb"), "its public half is not in TOKEN_PUBLIC_KEYS"},
		"an issuer too long": {
			configOf(private, public, strings.Repeat("i", token.MaxLength)), "TOKEN_PRIVATE_KEY: sign token",
		},
		"public keys of a URL": {fromURL, "TOKEN_PUBLIC_KEYS: name the JWK set or its file"},
		"another issuer's":     {configOf(private, public, "another"), "its public half is not in TOKEN_PUBLIC_KEYS"},
	} {
		if err := function.ToSign(c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}
