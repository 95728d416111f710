package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"minifb/shared/ops/sam"
)

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestReadSettings(t *testing.T) {
	t.Parallel()
	s, err := readSettings(environment())
	if err != nil || s.port != 8080 || filepath.Base(s.dataDir) != ".data" || !filepath.IsAbs(s.dataDir) {
		t.Errorf("unset: %+v, %v", s, err)
	}
	long := "/" + strings.Repeat("x", 100)
	if s, err := readSettings(environment("DATA_DIR", long)); err != nil || len(s.socket("notification")) > 100 {
		t.Errorf("a long DATA_DIR: %+v, %v", s, err)
	}
	for name, env := range map[string][]string{
		"PORT": {"PORT", "http"}, "1 to 65535": {"PORT", "65536"}, "both or neither": {"ADMIN_ID", "root"}, "neither": {"ADMIN_PASSWORD", "secret-1"},
		"ADMIN_ID: expected string to be 4 to 50": {"ADMIN_ID", "abc", "ADMIN_PASSWORD", "secret-1-and-more"},
		"ADMIN_PASSWORD: expected length >= 10":   {"ADMIN_ID", "root.1", "ADMIN_PASSWORD", "secret-1"},
		"full or generic":                         {"ERROR_HINT", "none"},
	} {
		_, err := readSettings(environment(env...))
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "secret-1") {
			t.Errorf("%v: got %v", env, err)
		}
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	s, err := readSettings(environment("DATA_DIR", "/d", "ERROR_HINT", "generic", "DATABASE_URL", "not this"))
	if err != nil {
		t.Fatal(err)
	}
	value := s.parameter("postgres://this")
	for name, want := range map[string]string{
		"DatabaseUrl": "postgres://this", "ErrorHint": "generic", "Limits": "",
		"TokenPublicKeys": "/d/keys/public.jwks", "TokenPrivateKey": "/d/keys/private.jwk",
	} {
		if got, ok := value(name); got != want || ok != (want != "") {
			t.Errorf("%s is %q, %v, want %q", name, got, ok, want)
		}
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = listen(taken.Addr().(*net.TCPAddr).Port)
	if err == nil || !strings.Contains(err.Error(), "is in use") {
		t.Errorf("got %v", err)
	}
}

func TestOneRunADataDir(t *testing.T) {
	t.Parallel()
	s, err := readSettings(environment("DATA_DIR", t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	lock, err := prepare(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := prepare(s); err == nil || !strings.Contains(err.Error(), "another run uses") {
		t.Errorf("the second got %v", err)
	}
	lock.Close()
	again, err := prepare(s)
	if err != nil {
		t.Fatalf("after the first has gone: %v", err)
	}
	again.Close()
}

func TestUnbuiltFunction(t *testing.T) {
	t.Parallel()
	err := checkBuilt(&sam.Template{Functions: []sam.Function{{Name: "Post", Area: "post"}}}, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "functions/post has not been built") {
		t.Errorf("got %v", err)
	}
}

func TestKeysAreMadeOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, want := range []string{"made", "found"} {
		if did, err := makeKeys(dir); err != nil || did != want {
			t.Fatalf("got %q, %v, want %q", did, err, want)
		}
	}
	info, err := os.Stat(filepath.Join(dir, "private.jwk"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the private key: %v, %v", info, err)
	}
	public, err := os.ReadFile(filepath.Join(dir, "public.jwks"))
	if err != nil || !strings.HasPrefix(string(public), `{"keys":`) || strings.Contains(string(public), `"d":`) {
		t.Errorf("the public keys: %s, %v", public, err)
	}
}

func TestPingTellsNoPassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"postgres://u:s3cret@localhost:port/x", "postgres://u:s3cret%zz@h/x", "host=/nonexistent password=s3cret user=u"} {
		if err := ping(t.Context(), url); err == nil || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v", url, err)
		}
	}
}
