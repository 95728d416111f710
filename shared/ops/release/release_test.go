package release_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"minifb/shared/ops/release"
	"minifb/shared/ops/sam"
)

const top = "../../.."

// The second build is of a copy in another folder, with other settings of the go command: neither they nor paths, times
// and users must change the bytes.
//
//nolint:paralleltest // it sets a variable
func TestTwoBuildsHaveEqualBytes(t *testing.T) {
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
	var binaries, zips, archives []string
	for _, source := range []string{top, elsewhere} {
		out := t.TempDir()
		var output bytes.Buffer
		target := release.Target{Arch: runtime.GOARCH, Lambda: true}
		if err := release.Build(t.Context(), source, out, target, &output, "./functions/timeline"); err != nil {
			t.Fatalf("%v\n%s", err, output.String())
		}
		binary, archive := filepath.Join(out, "timeline"), filepath.Join(out, "timeline.zip")
		if err := release.Zip(archive, binary); err != nil {
			t.Fatal(err)
		}
		archives = append(archives, archive)
		t.Setenv("GOFLAGS", "-cover")
		for path, list := range map[string]*[]string{binary: &binaries, archive: &zips} {
			sum, err := release.Sum(path)
			if err != nil {
				t.Fatal(err)
			}
			*list = append(*list, sum)
		}
	}
	if binaries[0] != binaries[1] {
		t.Errorf("the SHA-256 of the two binaries are %v", binaries)
	}
	checkBootstrap(t, archives[0])
	if zips[0] != zips[1] {
		t.Errorf("the SHA-256 of the two archives are %v", zips)
	}
}

// checkBootstrap checks that an archive has one file, which Lambda finds and may run.
func checkBootstrap(t *testing.T, archive string) {
	t.Helper()
	reader, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if len(reader.File) != 1 || reader.File[0].Name != "bootstrap" || reader.File[0].Mode() != 0o755 {
		t.Errorf("the archive has %d files, the first of them is %s with the mode %v, want one bootstrap with 0755",
			len(reader.File), reader.File[0].Name, reader.File[0].Mode())
	}
}

// properties are what `sam build` and Lambda read in template.yaml, and no program of this module.
type properties struct {
	Globals struct {
		Function struct {
			CodeURI string `yaml:"CodeUri"`
			Handler string `yaml:"Handler"`
			Runtime string `yaml:"Runtime"`
		} `yaml:"Function"`
	} `yaml:"Globals"`
	Resources map[string]struct {
		Metadata struct {
			BuildMethod string `yaml:"BuildMethod"`
		} `yaml:"Metadata"`
	} `yaml:"Resources"`
}

func TestSAMCanBuildTheTemplate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(top, "template.yaml")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var p properties
	if err := yaml.Unmarshal(content, &p); err != nil {
		t.Fatal(err)
	}
	global := p.Globals.Function
	if global.CodeURI != "." || global.Handler != "bootstrap" || global.Runtime != "provided.al2023" {
		t.Errorf("the functions' globals are %+v", global)
	}
	template, err := sam.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range template.Functions {
		if method := p.Resources[f.Name].Metadata.BuildMethod; method != "makefile" {
			t.Errorf("%s has the BuildMethod %q, want makefile", f.Name, method)
		}
		if !slices.Equal(f.Architectures, []string{"arm64"}) {
			t.Errorf("%s is built for %v, want arm64", f.Name, f.Architectures)
		}
		if _, err := os.Stat(filepath.Join(top, "functions", f.Area, "main.go")); err != nil {
			t.Errorf("%s has no code: %v", f.Name, err)
		}
		// `sam build` runs make in a copy of CodeUri.
		cmd := exec.Command("make", "--dry-run", "build-"+f.Name, "ARTIFACTS_DIR=/artifacts")
		cmd.Dir = top
		output, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(output), "-function "+f.Name+` -artifacts "/artifacts"`) {
			t.Errorf("make build-%s: %v\n%s", f.Name, err, output)
		}
	}
}

func TestBuildFails(t *testing.T) {
	t.Parallel()
	target := release.Target{Arch: runtime.GOARCH}
	err := release.Build(t.Context(), top, t.TempDir(), target, io.Discard, "./functions/missing")
	if err == nil || !strings.Contains(err.Error(), "./functions/missing") {
		t.Errorf("Build of a missing package returned %v", err)
	}
	if err := release.Zip(filepath.Join(t.TempDir(), "a.zip"), "/missing"); err == nil {
		t.Error("Zip of a missing binary returned no error")
	}
}
