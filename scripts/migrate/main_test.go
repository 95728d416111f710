package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A DATABASE_URL with what a shell would run is used as it is.
func TestHostileDatabaseURLIsReadAsItIs(t *testing.T) {
	dir := t.TempDir()
	url := os.Getenv("TEST_DATABASE_URL") + "&application_name=" +
		"$(touch " + dir + "/a)`touch " + dir + "/b`\"; touch " + dir + "/c; 'x' \\ $HOME"
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(url)
	file := filepath.Join(t.TempDir(), "minifb.env")
	content := "# a comment\nDATABASE_URL=other\nDATABASE_URL=\"" + quoted + "\"\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DATABASE_URL", "environment")
	if got, err := databaseURL([]string{file}); err != nil || got != url {
		t.Errorf("got %q, %v, want %q", got, err, url)
	}
	if got, err := databaseURL(nil); err != nil || got != "environment" {
		t.Errorf("without a file: %q, %v", got, err)
	}
	if got, err := databaseURL([]string{filepath.Join(dir, "none")}); err == nil {
		t.Errorf("a file that does not exist: %q", got)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("a command of the URL was run: %v, %v", left, err)
	}
}

// A URL of the functions is not one of the owner of the tables.
func TestURLOfFunctionsIsRefused(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://minifb_{function}@127.0.0.1:1/minifb")
	if code := run(t.Context(), nil); code != 2 {
		t.Errorf("the exit code is %d, want 2", code)
	}
}
