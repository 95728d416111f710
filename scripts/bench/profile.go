package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"minifb/shared/ops/release"
	"minifb/shared/testkit/trial"
)

// A profile is what `make profile` does: it loads one function, and writes where it spends its time and its memory.
type profile struct {
	settings
	row    row
	folder string
}

// readProfile reads the variables of `make profile`.
func readProfile(env func(string) string) (p profile, err error) {
	v := trial.NewVariables(env)
	route := env("ROUTE")
	ignored := map[string]bool{"ROWS": true, "ROUNDS": true, "SECONDS": true}
	p.settings, err = readSettings(func(name string) string {
		if ignored[name] {
			return ""
		}
		return env(name)
	})
	p.duration = time.Duration(v.Number("SECONDS", 10, 1)) * time.Second
	p.folder = filepath.Join(".build", "profile")
	for _, r := range rows(p.size) {
		if r.name == route {
			p.row, p.rows = r, []row{r}
		}
	}
	if p.row.name == "" {
		v.Refuse("ROUTE is %q: it must be one of %s", route, rowNames())
	}
	return p, errors.Join(err, v.Err())
}

// run sends the row's requests to a function that was built with the profiler, and writes and prints the profiles.
func (p profile) run(ctx context.Context, dir string, output io.Writer) (broken []string, err error) {
	b, err := p.open(ctx, dir, output)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	fmt.Fprintf(output, "Building %s with the profiler.\n", p.row.area)
	programs := filepath.Join(dir, "profiled")
	target := release.Target{Arch: runtime.GOARCH, Profiler: true}
	if err := release.Build(ctx, p.root, programs, target, output, "./functions/"+p.row.area); err != nil {
		return nil, err
	}
	socket := filepath.Join(dir, "profile.sock")
	to, err := b.startDirect(ctx, p.row.area, filepath.Join(programs, p.row.area), "PROFILE_SOCKET="+socket)
	if err != nil {
		return nil, err
	}
	defer to.stop()
	if invalid := b.try(ctx, p.row, to.url); invalid != "" {
		return []string{invalid}, nil
	}
	if err := b.warm(ctx, p.row, to.url); err != nil {
		return nil, err
	}
	loaded := make(chan error, 1)
	var result sent
	go func() {
		var err error
		result, err = b.load(ctx, p.row, to.url, p.duration+time.Second)
		loaded <- err
	}()
	profiles, err := p.write(ctx, socket)
	if err := errors.Join(err, <-loaded); err != nil {
		return nil, err
	}
	fmt.Fprintf(output, "%s: %s, %.0f requests/s\n", p.row.name, p.row.what,
		float64(result.Requests)/(float64(result.Duration)/1e6))
	for _, path := range profiles {
		if err := top(ctx, output, path); err != nil {
			return nil, err
		}
	}
	if invalid := result.invalid(); invalid != "" {
		broken = append(broken, invalid)
	}
	return broken, nil
}

// write writes the profiles of the function that serves them at a socket, and returns the paths of the files.
func (p profile) write(ctx context.Context, socket string) (paths []string, err error) {
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", socket)
		},
	}}
	defer client.CloseIdleConnections()
	if err := os.MkdirAll(p.folder, 0o755); err != nil { //nolint:gosec // profiles are no secret
		return nil, err
	}
	for _, kind := range []struct{ name, path string }{
		{"cpu", "/debug/pprof/profile?seconds=" + seconds(p.duration)}, {"allocs", "/debug/pprof/allocs"},
	} {
		status, body, err := fetch(ctx, client, "http://profile"+kind.path)
		if err != nil {
			return nil, err
		}
		if status != http.StatusOK {
			return nil, fmt.Errorf("the profiler returns %d for %s: %s", status, kind.path, body)
		}
		path := filepath.Join(p.folder, p.row.name+"-"+kind.name+".pprof")
		if err := os.WriteFile(path, body, 0o644); err != nil { //nolint:gosec // likewise
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// top prints the functions that a profile has the most of, and how to see more of it.
func top(ctx context.Context, output io.Writer, path string) error {
	arguments := []string{"tool", "pprof", "-top", "-nodecount=25"}
	if strings.HasSuffix(path, "-allocs.pprof") {
		arguments = append(arguments, "-sample_index=alloc_space")
	}
	text, err := runProgram(ctx, exec.Command("go", append(arguments, path)...))
	if err != nil {
		return err
	}
	fmt.Fprintf(output, "\n%s\nTo see more of it: go tool pprof -http=localhost:8123 %s\n", text, path)
	return nil
}
