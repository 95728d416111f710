package main

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"minifb/shared/ops/release"
)

// A packed release is what a deploy sends to a host.
type packed struct {
	archive []byte // a tar
	hash    string // of the function's binary, SHA-256
}

// pack builds a release of the area for the host's processor, and packs it.
func (o options) pack(ctx context.Context, area string) (packed, error) {
	files, err := o.build(ctx, area)
	if err != nil {
		return packed{}, err
	}
	hash, err := release.Sum(files["bootstrap"])
	if err != nil {
		return packed{}, err
	}
	var archive bytes.Buffer
	err = pack(&archive, files)
	return packed{archive.Bytes(), hash}, err
}

// build builds a release, and returns the paths of its files by their names in it.
func (o options) build(ctx context.Context, area string) (map[string]string, error) {
	out := filepath.Join(o.checkout, ".build", "deployed")
	files := map[string]string{"bootstrap": filepath.Join(out, area)}
	packages := []string{"./functions/" + area}
	if o.migrate {
		packages = append(packages, "./scripts/migrate")
		files["migrate"] = filepath.Join(out, "migrate")
	}
	if o.binary != "" {
		files["bootstrap"] = o.binary
		packages = packages[1:]
	}
	if len(packages) == 0 {
		return files, nil
	}
	return files, release.Build(ctx, o.checkout, out, release.Target{Arch: o.architecture}, os.Stderr, packages...)
}

// askArchitecture returns the host's GOARCH.
func (o options) askArchitecture(ctx context.Context) (string, error) {
	if o.host == "local" {
		return runtime.GOARCH, nil
	}
	uname := ssh(ctx, o.host, "uname -m")
	uname.Stderr = os.Stderr
	output, err := uname.Output()
	if err != nil {
		//nolint:errorlint // wrapped, it would look like the exit of steps.sh to main
		return "", fmt.Errorf("run uname on %s by ssh: %v", o.host, err)
	}
	switch machine := strings.TrimSpace(string(output)); machine {
	case "x86_64":
		return "amd64", nil
	case "aarch64":
		return "arm64", nil
	default:
		return "", fmt.Errorf("the host's processor is %s; only x86_64 and aarch64 are supported", machine)
	}
}

// pack writes a tar of executable files, given by their names in it.
func pack(w io.Writer, files map[string]string) error {
	t := tar.NewWriter(w)
	for name, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}); err != nil {
			return err
		}
		if _, err := t.Write(content); err != nil {
			return err
		}
	}
	return t.Close()
}
