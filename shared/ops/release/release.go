// Package release builds the binaries that are deployed. Builds are reproducible: equal source gives
// equal bytes.
package release

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Target is the kind of machine that binaries are built for.
type Target struct {
	Arch   string // amd64 or arm64; the system is Linux
	Lambda bool   // for the runtime provided.al2023, without the code for Lambda's retired go1.x
	Race   bool   // with the race detector; only for this machine
	// Profiler adds the profiles that make profile reads. It is never deployed.
	Profiler bool
	// Overlay is a file for `go build -overlay`, which replaces source files: tests plant faults with it.
	Overlay string
}

// Build compiles main packages of the module in the folder source into the folder out. The binaries
// have the names that `go build` gives them. The go command's messages are written to output.
func Build(ctx context.Context, source, out string, t Target, output io.Writer, packages ...string) error {
	out, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil { //nolint:gosec // binaries are no secret
		return err
	}
	// The linker drops DWARF anyway; without it the compiler does a fifth less work. scripts/compile
	// has the same flags, so that `make run`, deploys and tests share the build cache.
	flags, cgo := []string{"-trimpath", "-gcflags=all=-dwarf=false", "-ldflags=-s -w -buildid="}, "CGO_ENABLED=0"
	if t.Race { // the flags of the tests
		flags, cgo = []string{"-race"}, "CGO_ENABLED=1"
	}
	if t.Lambda {
		flags = append(flags, "-tags=lambda.norpc")
	}
	if t.Profiler {
		flags = append(flags, "-tags=profile")
	}
	if t.Overlay != "" {
		flags = append(flags, "-overlay="+t.Overlay)
	}
	args := slices.Concat([]string{"build", "-buildvcs=false", "-o", out + "/"}, flags, packages)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = source
	// The first two lines override variables that change the binary. With the third, the compiler
	// collects garbage only above 1 GiB, which is faster.
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+t.Arch, cgo, "GOAMD64=v1", "GOARM64=v8.0",
		"GOFLAGS=", "GOWORK=off", "GOEXPERIMENT=",
		"GOGC=off", "GOMEMLIMIT=1GiB")
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build %s: %w", strings.Join(packages, " "), err)
	}
	return nil
}

// Zip writes the archive that Lambda accepts: the binary, named bootstrap, with a fixed mode and
// time.
func Zip(archive, binary string) error {
	content, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	f, err := os.Create(archive)
	if err != nil {
		return err
	}
	z := zip.NewWriter(f)
	earliest := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) // that a zip can hold
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate, Modified: earliest}
	header.SetMode(0o755)
	w, err := z.CreateHeader(header)
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = z.Close()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", archive, err)
	}
	return nil
}

// Sum returns a file's SHA-256, in hexadecimal.
func Sum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// Report writes a line for each file below dir, by name: its size, and then what `sha256sum` prints.
func Report(w io.Writer, dir string) error {
	var files []string
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.Sort(files)
	for _, path := range files {
		sum, err := Sum(path)
		if err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%5.1f MiB  %s  %s\n", float64(info.Size())/(1<<20), sum, path)
	}
	return nil
}
