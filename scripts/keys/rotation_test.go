package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"minifb/shared/ops/bundle"
	"minifb/shared/ops/keys"
	"minifb/shared/ops/sam"
	"minifb/shared/password"
	"minifb/shared/store"
	"minifb/shared/testkit/built"
	"minifb/shared/testkit/client"
	"minifb/shared/testkit/programs"
	"minifb/shared/testkit/testdb"
)

const secret = "correct horse"

// Keys are created, rotated and retired while clients sign in, refresh and call: no request is
// refused. auth and post read the files; timeline fetches the public keys from a URL.
func TestARotationUnderLoad(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "mfk") // the path of t.TempDir may be too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	keysDir := t.TempDir()
	do := func(now time.Time, arguments ...string) string {
		t.Helper()
		var out strings.Builder
		if err := run(arguments, now, &out); err != nil {
			t.Fatalf("keys %v: %v", arguments, err)
		}
		return out.String()
	}
	do(time.Now(), "create", keysDir)
	former := strings.Fields(do(time.Now(), "list", keysDir))[3]

	published := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, keys.Public(keysDir))
	}))
	t.Cleanup(published.Close)
	b := startBundle(t, dir, keysDir, published.URL)
	accounts := []string{"ann.1", "ben.1", "cat.1", "dan.1"}
	signUp(t, b.DatabaseURL, accounts...)

	ctx, stop := context.WithCancel(t.Context())
	l, wait := startLoad(ctx, b.URL, secret, accounts...)
	defer wait()
	defer stop()
	holders := func(kid string) int {
		_, n := l.counted(kid)
		return n
	}
	l.more(t, 100)
	if n := holders(former); n != len(accounts) {
		t.Errorf("%d clients hold a token of the first key, want %d", n, len(accounts))
	}
	old := aToken(t, b.URL, accounts[0])

	added := do(time.Now(), "rotate", "-delay", "20s", keysDir) // files are read again after 10 s
	next := strings.TrimSuffix(strings.Fields(added)[1], ",")
	programs.Until(t, "every client has a token of the new key", func() bool { return holders(next) == len(accounts) })
	l.more(t, 200)
	for _, path := range []string{"/session", "/post", "/timeline"} {
		if status := get(t, b.URL, path, old); status != http.StatusOK {
			t.Errorf("%s: a token of the former key gets %d, want 200", path, status)
		}
	}

	do(time.Now().Add(20*time.Minute), "retire", keysDir, former)
	programs.Until(t, "the former key is withdrawn", func() bool {
		return get(t, b.URL, "/session", old) == http.StatusUnauthorized &&
			get(t, b.URL, "/post", old) == http.StatusUnauthorized
	})
	l.more(t, 200)
	stop()
	wait()
	if len(l.refused) > 0 {
		t.Errorf("%d of %d requests were refused, such as: %s", len(l.refused), l.requests, l.refused[0])
	}
	t.Logf("%d requests, %d refused", l.requests, len(l.refused))
}

// startBundle starts the functions auth, post and timeline, the last with the public keys of a URL.
func startBundle(t *testing.T, dir, keysDir, url string) *bundle.Bundle {
	t.Helper()
	template, err := sam.Load("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range template.Functions {
		if f.Area == "timeline" {
			template.Functions[i].Env = append(f.Env, sam.Variable{Name: "TOKEN_PUBLIC_KEYS", Value: url})
		}
	}
	areas := []string{"auth", "post", "timeline"}
	programs, err := built.Programs(t.Context(), "../..", filepath.Join(dir, "bin"), false,
		"./functions/auth", "./functions/post", "./functions/timeline")
	if err != nil {
		t.Fatal(err)
	}
	b := bundle.New(bundle.Options{
		Source: "../..", Template: template, Dir: dir, Keys: keysDir, Areas: areas, Binaries: programs,
		DatabaseURL: testdb.URL(t), Env: []string{"LIMITS=off", "PASSWORD_ITERATIONS=10"}, Logf: t.Logf,
	})
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func signUp(t *testing.T, databaseURL string, accounts ...string) {
	t.Helper()
	s, err := store.Open(databaseURL, "test", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	hash, err := password.New(10).Hash(t.Context(), password.Requester{}, secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range accounts {
		if err := s.CreateUser(t.Context(), &store.User{ID: id, Name: "Tester", PasswordHash: hash}); err != nil {
			t.Fatal(err)
		}
	}
}

func aToken(t *testing.T, url, account string) string {
	t.Helper()
	api := client.New(url, 1)
	defer api.Close()
	var held tokens
	_, err := api.Call(t.Context(), client.Request{
		Method: http.MethodPost, Path: "/auth", Body: map[string]string{"id": account, "password": secret},
	}, &held, http.StatusOK)
	if err != nil {
		t.Fatal(err)
	}
	return held.Access
}

func get(t *testing.T, url, path, token string) (status int) {
	t.Helper()
	api := client.New(url, 1)
	defer api.Close()
	response, err := api.Do(t.Context(), client.Request{Method: http.MethodGet, Path: path, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	return response.Status
}
