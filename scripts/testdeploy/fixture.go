package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"minifb/shared/ops/bundle"
	"minifb/shared/ops/process"
	"minifb/shared/ops/release"
	"minifb/shared/token"
)

// A fixture is a host in a directory, with nginx, every function as a process, and the deploy
// command.
type fixture struct {
	*bundle.Bundle
	root, source string
	post         *process.Unit // the function that is deployed
	claims       token.Claims  // of a signed-in user
	builds       int           // so far; no two have the same bytes
}

// newFixture starts a host with the options, and signs a user in.
func newFixture(ctx context.Context, o bundle.Options) (*fixture, error) {
	f, err := startFixture(ctx, o)
	if err != nil {
		return nil, err
	}
	if f.claims, err = f.SignIn(ctx, "deploy.tester"); err != nil {
		return nil, errors.Join(err, f.stop())
	}
	return f, nil
}

// startFixture starts a host with the options.
func startFixture(ctx context.Context, o bundle.Options) (*fixture, error) {
	o.Host = true
	o.Packages = []string{"./scripts/deploy", "./scripts/testdeploy/bad500"}
	f := &fixture{Bundle: bundle.New(o), root: o.Dir, source: o.Source}
	if err := f.Start(ctx); err != nil {
		return nil, err
	}
	f.post = f.Function("post")
	return f, nil
}

func (f *fixture) stop() error { return f.Bundle.Stop() }

// newBuild returns the path of a new build of post. It differs from all others in its last bytes
// only, which do nothing.
func (f *fixture) newBuild() (path string, err error) {
	content, err := os.ReadFile(f.Binary("post"))
	if err != nil {
		return "", err
	}
	f.builds++
	path = f.Binary(fmt.Sprintf("post.%d", f.builds))
	content = fmt.Appendf(content, "build %d", f.builds)
	return path, os.WriteFile(path, content, 0o700) //nolint:gosec // a program
}

// newScript returns the path of a new build that is a shell script.
func (f *fixture) newScript(text string) (path string, err error) {
	f.builds++
	path = f.Binary(fmt.Sprintf("script.%d", f.builds))
	return path, os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700) //nolint:gosec // a program
}

// A fault is a change of the source.
type fault struct{ file, old, new string }

// newFault returns the path of a build of post with the fault.
func (f *fixture) newFault(ctx context.Context, planted fault) (path string, err error) {
	file, err := filepath.Abs(filepath.Join(f.source, planted.file))
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	changed := strings.Replace(string(text), planted.old, planted.new, 1)
	if changed == string(text) {
		return "", fmt.Errorf("%s does not have %q", planted.file, planted.old)
	}
	f.builds++
	out := f.Binary(fmt.Sprintf("fault.%d", f.builds))
	if err := os.MkdirAll(out, 0o700); err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{file: out + "/changed.go"}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(out+"/changed.go", []byte(changed), 0o600); err != nil {
		return "", err
	}
	if err := os.WriteFile(out+"/overlay.json", overlay, 0o600); err != nil {
		return "", err
	}
	target := release.Target{Arch: runtime.GOARCH, Overlay: out + "/overlay.json"}
	return out + "/post", release.Build(ctx, f.source, out, target, os.Stderr, "./functions/post")
}

// deploy runs the command that `make deploy` runs, and returns its output and how long it took. The
// command has a lower priority, since it also does the work of the machine that deploys, such as
// packing and hashing.
func (f *fixture) deploy(ctx context.Context, arguments ...string) (output string, took time.Duration, err error) {
	begun := time.Now()
	command := []string{"-n", "10", f.Binary("deploy"), "-host", "local", "-root", f.root, "-function", "post"}
	cmd := exec.CommandContext(ctx, "nice", append(command, arguments...)...)
	cmd.Dir = f.source
	out, err := cmd.CombinedOutput()
	return string(out), time.Since(begun), err
}

// otherPIDs returns the process ids of all functions but post.
func (f *fixture) otherPIDs() map[string]int {
	pids := map[string]int{}
	for _, u := range f.Functions {
		if u != f.post {
			pids[u.Name] = u.PID()
		}
	}
	return pids
}

// checkOthers returns an error if a function other than post was restarted.
func (f *fixture) checkOthers(before map[string]int) error {
	if after := f.otherPIDs(); !maps.Equal(before, after) {
		return fmt.Errorf("other functions were restarted: their process ids were %v and are %v", before, after)
	}
	return nil
}
