package config_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"minifb/shared/config"
	"minifb/shared/token"
)

func encode(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// Keys are accepted as JSON, as base64 of it, from a file, and the public ones from a URL.
//
//nolint:paralleltest // the environment is the process's
func TestKeysInEveryForm(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(public))
	}))
	defer server.Close()
	encoded := encode(public)
	for name, c := range map[string]struct{ public, private string }{
		"JSON":                {public, private},
		"JSON in white space": {" " + public + "\n", "\n" + private},
		"base64":              {encoded, encode(private)},
		"base64 in lines":     {encoded[:76] + "\n" + encoded[76:] + "\n", encode(private) + "\n"},
		"files":               {file("public", public), file("private", private+"\n")},
		"a URL":               {server.URL, private},
	} {
		t.Run(name, func(t *testing.T) {
			setEnvironment(t, "TOKEN_PUBLIC_KEYS", c.public, "TOKEN_PRIVATE_KEY", c.private)
			got, err := config.FromEnvironment("post")
			if err != nil {
				t.Fatal(err)
			}
			claims := token.Claims{UserUID: 1, SessionID: "00000000-0000-0000-0000-000000000000"}
			signed, err := got.Signer.Sign(claims)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := got.Verifier.Verify(signed); err != nil {
				t.Errorf("the keys do not match: %v", err)
			}
		})
	}
}

// A function starts while the URL of the public keys is out of reach, and is not ready then.
//
//nolint:paralleltest // the environment is the process's
func TestAStartDuringAnOutageOfTheURL(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	setEnvironment(t, "TOKEN_PUBLIC_KEYS", server.URL)
	c, err := config.FromEnvironment("post")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Verifier.Ready(); err == nil {
		t.Error("the verifier is ready")
	}
}

// No text is accepted that has a private key, and its base64 means the same.
func FuzzKeys(f *testing.F) {
	f.Add(public[1:])
	f.Add(private[1:])
	f.Add(`"keys":[{"kty":"OKP","nbf":1e999}]}`)
	f.Fuzz(func(t *testing.T, rest string) {
		text := "{" + rest
		if strings.ContainsRune(text, 0) {
			return // not a variable
		}
		accepted := map[bool]bool{}
		for _, value := range []string{text, encode(text)} {
			setEnvironment(t, "TOKEN_PUBLIC_KEYS", value)
			c, err := config.FromEnvironment("post")
			accepted[err == nil] = true
			if err != nil {
				continue
			}
			if set, err := c.Verifier.PublicSet(); err != nil || strings.Contains(string(set), `"d":`) {
				t.Errorf("%q is accepted: %v", value, err)
			}
		}
		if len(accepted) != 1 {
			t.Errorf("%q is accepted in one form only", text)
		}
	})
}
