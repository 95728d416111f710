// Package build makes the binaries that are deployed. The same source makes the same bytes, wherever and whenever it is built.
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

// A Target is what binaries are made for.
type Target struct {
	Arch   string // amd64 or arm64; the system is Linux
	Lambda bool   // for provided.al2023 alone, without what only the older runtime needs
	Race   bool   // with the race detector, to be tried on this machine
}

// Build makes the binaries of these main packages, named as `go build` names them, in the folder out. source is the repository.
// The go command's own words go to said.
func Build(ctx context.Context, source, out string, t Target, said io.Writer, packages ...string) error {
	out, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil { //nolint:gosec // binaries are no secret
		return err
	}
	return t.compile(ctx, source, said, append([]string{"-o", out + "/"}, packages...)...)
}

// Compile compiles packages that are no programs, so that several builds of what they serve in find the work done.
func Compile(ctx context.Context, source string, t Target, said io.Writer, packages ...string) error {
	return t.compile(ctx, source, said, packages...)
}

func (t Target) compile(ctx context.Context, source string, said io.Writer, arguments ...string) error {
	// No DWARF, which the linker would drop anyway: a fifth of the compiler's work. scripts/compile has the same flags, so
	// that `make run`, a deploy and the tests compile everything once between them.
	flags, cgo := []string{"-trimpath", "-gcflags=all=-dwarf=false", "-ldflags=-s -w -buildid="}, "CGO_ENABLED=0"
	if t.Race { // as the tests are built
		flags, cgo = []string{"-race"}, "CGO_ENABLED=1"
	}
	if t.Lambda {
		flags = append(flags, "-tags=lambda.norpc")
	}
	cmd := exec.CommandContext(ctx, "go", slices.Concat([]string{"build", "-buildvcs=false"}, flags, arguments)...)
	cmd.Dir = source
	// Whatever of the caller's environment would make other bytes is set. The compiler may leave its garbage, up to 1 GiB.
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+t.Arch, cgo, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOWORK=off", "GOEXPERIMENT=",
		"GOGC=off", "GOMEMLIMIT=1GiB")
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build %s: %w", strings.Join(arguments, " "), err)
	}
	return nil
}

// Zip writes the archive that Lambda takes: the binary, as bootstrap, with the mode and the time that every build gives it.
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
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
	header.SetMode(0o755)
	w, err := z.CreateHeader(header)
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = z.Close()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", archive, err)
	}
	return nil
}

// Sum is a file's SHA-256, in hexadecimal.
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

// Report lists the files below dir by name with their SHA-256 and size, as sha256sum -c takes it but for the size in front.
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
