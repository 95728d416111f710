package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"minifb/shared/ops/bundle"
	"minifb/shared/testkit/built"
	"minifb/shared/testkit/testdb"
)

const committed = top + "functions/docs/openapi.json"

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// packages installs the npm packages of the folder client, and returns the path of node_modules.
var packages = sync.OnceValues(func() (string, error) {
	cmd := exec.Command(top+"scripts/packages", "scripts/openapi/client")
	cmd.Stderr = os.Stderr // why npm failed
	output, err := cmd.Output()
	return strings.TrimSpace(string(output)), err
})

// runNode runs a script in a folder, and returns what it prints to its standard output.
func runNode(t *testing.T, dir, script string, args ...string) (output string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", append([]string{script}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	var messages strings.Builder
	cmd.Stderr = &messages
	printed, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", filepath.Base(script), err, printed, messages.String())
	}
	return string(printed)
}

// A known linter finds nothing in the document, not even what is worth a warning.
func TestDocumentIsClean(t *testing.T) {
	t.Parallel()
	document, err := filepath.Abs(committed)
	must(t, err)
	runNode(t, clientFolder(t), "lint.mjs", document)
}

// clientFolder returns a copy of the folder client, with its packages.
func clientFolder(t *testing.T) string {
	t.Helper()
	modules, err := packages()
	must(t, err)
	dir := t.TempDir()
	must(t, os.CopyFS(dir, os.DirFS("client")))
	must(t, os.Symlink(modules, filepath.Join(dir, "node_modules")))
	return dir
}

// A client in TypeScript can be generated from the document, compiles, and works with a running
// bundle.
func TestGeneratedClient(t *testing.T) {
	t.Parallel()
	dir := clientFolder(t)
	document, err := filepath.Abs(committed)
	must(t, err)
	runNode(t, dir, "node_modules/openapi-typescript/bin/cli.js", document, "--output", "schema.d.ts")
	runNode(t, dir, "node_modules/typescript/bin/tsc")
	output := runNode(t, dir, "out/smoke.js", serve(t))
	if output != "ok\n" {
		t.Errorf("the client printed %q", output)
	}
}

// serve starts a bundle of the functions that the client calls, and returns its URL.
func serve(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mfo") // that of t.TempDir is too long for sockets
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	programs, err := built.Programs(t.Context(), top, filepath.Join(dir, "bin"), false, "./functions/...")
	must(t, err)
	b := bundle.New(bundle.Options{
		Source: top, Dir: dir, Areas: []string{"account", "auth", "post", "timeline", "comment", "reaction"},
		Binaries:    programs,
		DatabaseURL: testdb.URL(t), Logf: t.Logf,
	})
	must(t, b.Start(t.Context()))
	t.Cleanup(func() {
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	})
	return b.URL
}
