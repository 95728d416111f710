package release_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"minifb/shared/ops/release"
	"minifb/shared/ops/sam"
)

const top = "../../.."

// The second build is of a copy elsewhere: nothing of where, when or by whom gets into the bytes.
func TestTwoBuildsAreEqualToTheByte(t *testing.T) {
	t.Parallel()
	elsewhere := t.TempDir()
	for _, part := range []string{"shared", "migrations", "functions/timeline"} {
		if err := os.CopyFS(filepath.Join(elsewhere, part), os.DirFS(filepath.Join(top, part))); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(top, file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(elsewhere, file), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var binaries, zips []string
	for _, source := range []string{top, elsewhere} {
		out := t.TempDir()
		var said bytes.Buffer
		err := release.Build(t.Context(), source, out, release.Target{Arch: runtime.GOARCH, Lambda: true}, &said, "./functions/timeline")
		if err != nil {
			t.Fatalf("%v\n%s", err, said.String())
		}
		binary, archive := filepath.Join(out, "timeline"), filepath.Join(out, "timeline.zip")
		if err := release.Zip(archive, binary); err != nil {
			t.Fatal(err)
		}
		for path, list := range map[string]*[]string{binary: &binaries, archive: &zips} {
			sum, err := release.Sum(path)
			if err != nil {
				t.Fatal(err)
			}
			*list = append(*list, sum)
		}
	}
	if binaries[0] != binaries[1] {
		t.Errorf("two builds made the binaries %v", binaries)
	}
	if zips[0] != zips[1] {
		t.Errorf("two builds made the zips %v", zips)
	}
}

// What `sam build` and Lambda take template.yaml at its word for.
func TestTemplateCanBeBuiltAsItIs(t *testing.T) {
	t.Parallel()
	template, err := sam.Load(filepath.Join(top, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range template.Functions {
		if f.BuildMethod != "makefile" || f.Handler != "bootstrap" || f.Runtime != "provided.al2023" || len(f.Architectures) != 1 || f.Architectures[0] != "arm64" {
			t.Errorf("%s is built by %q for %s %v, and runs %q", f.Name, f.BuildMethod, f.Runtime, f.Architectures, f.Handler)
		}
		if _, err := os.Stat(filepath.Join(top, "functions", f.Area, "main.go")); err != nil {
			t.Errorf("%s has no code: %v", f.Name, err)
		}
		// sam build runs make in a copy of CodeUri.
		cmd := exec.Command("make", "--dry-run", "build-"+f.Name, "ARTIFACTS_DIR=/artifacts")
		cmd.Dir = filepath.Join(top, f.CodeURI)
		said, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(said), "-function "+f.Name+` -artifacts "/artifacts"`) {
			t.Errorf("make build-%s: %v\n%s", f.Name, err, said)
		}
	}
}

func TestBuildFails(t *testing.T) {
	t.Parallel()
	err := release.Build(t.Context(), top, t.TempDir(), release.Target{Arch: runtime.GOARCH}, io.Discard, "./functions/nowhere")
	if err == nil || !strings.Contains(err.Error(), "./functions/nowhere") {
		t.Errorf("a package that is not there: %v", err)
	}
	if err := release.Zip(filepath.Join(t.TempDir(), "a.zip"), "/nonexistent"); err == nil {
		t.Error("a zip was made of nothing")
	}
}
