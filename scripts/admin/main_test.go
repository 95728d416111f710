package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

func TestAdmin(t *testing.T) {
	t.Parallel()
	url := testdb.URL(t)
	s, err := store.Open(url, "test", 2)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	user := store.User{ID: "Ann.1", PasswordHash: "no password at all", Name: "Ann"}
	if err := s.CreateUser(t.Context(), &user); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "database-url"), []byte(url), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		id     string
		revoke bool
		want   string
	}{
		{"", false, "there is no administrator"},
		{"ann.1", true, "ann.1 is not an administrator; nothing was changed"},
		{"ANN.1", false, "ANN.1 is an administrator, and has to sign in again"},
		{"ann.1", false, "ann.1 is an administrator already"},
		{"", false, "Ann.1 (Ann)"},
		{"", true, "name the account"},
		{"nobody.1", false, "There is no such user"},
		{"ann.1", true, "ann.1 is no longer an administrator"},
	} {
		var out strings.Builder
		env := map[string]string{"DATA_DIR": dir}
		err := run(t.Context(), &out, func(name string) string { return env[name] }, step.id, step.revoke)
		text := out.String()
		if err != nil {
			text += err.Error()
		}
		if !strings.Contains(text, step.want) {
			t.Errorf("ID %q, revoke %v: got %q, want %q", step.id, step.revoke, text, step.want)
		}
	}
}

func TestAdminWithoutADatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := map[string]string{"DATA_DIR": dir}
	err := run(t.Context(), &strings.Builder{}, func(name string) string { return env[name] }, "ann.1", false)
	if err == nil || !strings.Contains(err.Error(), "make run") {
		t.Errorf("got %v, want an error that says what to start", err)
	}
	env["DATABASE_URL"] = "postgres://user:secret@%zz"
	err = run(t.Context(), &strings.Builder{}, func(name string) string { return env[name] }, "ann.1", false)
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v, want an error without the password", err)
	}
}
