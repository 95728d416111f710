package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"minifb/shared/ops/bundle"
	"minifb/shared/store"
	"minifb/shared/testkit/built"
	"minifb/shared/testkit/testdb"
)

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

// The program gets a bundle on the database with an administrator, whose role ends with it, and its exit code counts.
func TestProgramRunsBesideABundle(t *testing.T) {
	t.Parallel()
	url := testdb.URL(t)
	dir := t.TempDir()
	programs, err := built.Programs(t.Context(), "../..", dir, false, "./functions/...")
	if err != nil {
		t.Fatal(err)
	}
	var output strings.Builder
	r := runner{root: "../..", env: environment(map[string]string{"DATABASE_URL": url}), output: &output}
	urls, err := bundle.ReadURLs(r.env)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.MkdirTemp("", "minifb-bundled-") // t.TempDir's path is too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(data) })
	o, err := r.options(urls, data)
	if err != nil {
		t.Fatal(err)
	}
	o.Binaries, o.AdminID, o.AdminPassword = programs, "check.1", "correct horse"
	o.Env = append(o.Env, "PASSWORD_ITERATIONS=1000")
	result := filepath.Join(dir, "result")
	script := `curl -fsS "$BASE_URL/auth" -H 'Content-Type: application/json' \
		-d '{"id":"'"$ADMIN_ID"'","password":"'"$ADMIN_PASSWORD"'"}' > ` + result + ` && exit 7`
	code, err := r.beside(t.Context(), o, []string{"sh", "-c", script})
	text, readErr := os.ReadFile(result)
	if code != 7 || err != nil || readErr != nil || !strings.Contains(string(text), "access_token") {
		t.Errorf("exit code %d, %v; %v\n%s\n%s", code, err, readErr, text, output.String())
	}
	if admins := administrators(t.Context(), t, url); len(admins) > 0 {
		t.Errorf("still administrators: %v", admins)
	}
	if _, err := os.Stat(filepath.Join(data, "log", "maintenance.log")); err == nil {
		t.Error("maintenance ran")
	}
}

func administrators(ctx context.Context, t *testing.T, url string) []store.User {
	t.Helper()
	s, err := store.Open(url, "test", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	users, err := s.Administrators(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return users
}

// What cannot be done is said before anything is built.
func TestRefusals(t *testing.T) {
	t.Parallel()
	used := testdb.URL(t)
	s, err := store.Open(used, "post", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	program := []string{"true"}
	for want, c := range map[string]struct {
		env  map[string]string
		args []string
	}{
		"name a program":                         {map[string]string{"DATABASE_URL": used}, nil},
		"name the database on which the program": {nil, program},
		"set DATABASE_URL too":                   {map[string]string{"OWNER_DATABASE_URL": used}, program},
		"cannot be parsed":                       {map[string]string{"DATABASE_URL": "postgres://h:x"}, program},
		"(post): stop them":                      {map[string]string{"DATABASE_URL": used}, program},
		"BASE_URL for make demo":                 {map[string]string{"DATABASE_URL": used}, program},
	} {
		var output strings.Builder
		r := runner{root: "../..", env: environment(c.env), output: &output}
		if _, err := r.run(t.Context(), c.args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, %v: %v, want %q", c.env, c.args, err, want)
		}
	}
}
