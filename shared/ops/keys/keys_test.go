package keys_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"minifb/shared/ops/keys"
	"minifb/shared/reload"
	"minifb/shared/token"
)

func TestEnsure(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	for _, want := range []bool{true, false} {
		if created, err := keys.Ensure(dir); err != nil || created != want {
			t.Fatalf("created %v, %v, want %v", created, err, want)
		}
	}
	for _, path := range []string{keys.Private(dir), keys.Public(dir)} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	public, err := os.ReadFile(keys.Public(dir))
	if err != nil || !strings.HasPrefix(string(public), `{"keys":`) || strings.Contains(string(public), `"d":`) {
		t.Errorf("the public keys: %s, %v", public, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("the directory holds %v, %v, want two files", entries, err)
	}
	signer, err := keys.Signer(dir, "issuer", "audience")
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(token.Claims{UserUID: 7, SessionID: "0190b9a8-0000-7000-8000-000000000000"})
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := token.NewVerifier(reload.Text(string(public)), "issuer", "audience")
	if err != nil {
		t.Fatal(err)
	}
	if claims, err := verifier.Verify(signed); err != nil || claims.UserUID != 7 {
		t.Errorf("the public keys do not verify a token of the private key: %+v, %v", claims, err)
	}
}

// Ensure replaces no key: half a pair is reported, unless it is the mark of an interrupted call.
func TestHalfAPair(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]func(string) string{"private key": keys.Private, "public keys": keys.Public} {
		dir := t.TempDir()
		if err := os.WriteFile(path(dir), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Ensure(dir); err == nil || !strings.Contains(err.Error(), "only one of") {
			t.Errorf("with only the %s: got %v", name, err)
		}
		if content, err := os.ReadFile(path(dir)); err != nil || string(content) != "{}" {
			t.Errorf("the %s were changed to %q, %v", name, content, err)
		}
	}
	dir := t.TempDir()
	if _, err := keys.Ensure(dir); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(keys.Private(dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(keys.Private(dir), keys.Private(dir)+".unfinished"); err != nil {
		t.Fatal(err)
	}
	if created, err := keys.Ensure(dir); err != nil || !created {
		t.Errorf("after an interrupted call: created %v, %v", created, err)
	}
	if got, err := os.ReadFile(keys.Private(dir)); err != nil || string(got) != string(want) {
		t.Errorf("after an interrupted call the private key is %q, %v, want %q", got, err, want)
	}
}
