package bundle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"minifb/shared/ops/host"
	"minifb/shared/ops/keys"
	"minifb/shared/ops/process"
	"minifb/shared/ops/release"
	"minifb/shared/ops/sam"
	"minifb/shared/ops/schedule"
)

// checkBuilt returns an error if a function of the template is not among the binaries in dir.
func checkBuilt(t *sam.Template, dir string) error {
	for _, f := range t.Functions {
		if _, err := os.Stat(filepath.Join(dir, f.Area)); err != nil {
			return fmt.Errorf("template.yaml lists the function %s, but functions/%s has not been built into %s",
				f.Name, f.Area, dir)
		}
	}
	return nil
}

// build builds the functions and Options.Packages.
func (b *Bundle) build(ctx context.Context) (result string, err error) {
	packages := slices.Clone(b.o.Packages)
	for _, f := range b.Template.Functions {
		packages = append(packages, "./functions/"+f.Area)
	}
	var output strings.Builder
	target := release.Target{Arch: runtime.GOARCH, Race: b.o.Race}
	if err := release.Build(ctx, b.o.Source, b.Binary(""), target, &output, packages...); err != nil {
		return "", fmt.Errorf("build the functions: %w\n%s", err, strings.TrimSpace(output.String()))
	}
	return count(len(packages), "program"), nil
}

// startFunctions starts the functions and waits until they are ready.
func (b *Bundle) startFunctions(ctx context.Context) (result string, err error) {
	start := b.startUnits
	if b.o.Host {
		start = b.startHost
	}
	if err := start(); err != nil {
		return "", err
	}
	if err := b.AwaitReady(ctx); err != nil {
		return "", err
	}
	if !b.o.Host {
		b.schedules = schedule.Start(schedule.Options{Template: b.Template, Socket: b.dir.socket, Logf: b.o.Logf})
	}
	return count(len(b.Functions), "function"), nil
}

// startUnits starts each function behind a socket that this process holds.
func (b *Bundle) startUnits() error {
	for _, f := range b.Template.Functions {
		socket, err := process.Listen(b.dir.socket(f.Area))
		if err != nil {
			return fmt.Errorf("listen for %s: %w", f.Area, err)
		}
		b.sockets = append(b.sockets, socket)
		environment := b.Environment(f)
		u := process.New(process.Options{
			Name: f.Area, Binary: b.Binary(f.Area), Env: func() []string { return environment },
			Socket: socket, Log: b.Log(f.Area), Restart: true, Logf: b.o.Logf,
		})
		b.add(u)
		if err := u.Start(); err != nil {
			return err
		}
	}
	return nil
}

// startHost installs the functions as the first releases of a host, and starts the host.
func (b *Bundle) startHost() (err error) {
	for _, f := range b.Template.Functions {
		if err := errors.Join(b.writeSettings(f), b.install(f.Area)); err != nil {
			return fmt.Errorf("install %s: %w", f.Area, err)
		}
	}
	if b.host, err = host.Start(b.dir.path, b.Template, b.o.StartTimeout, b.o.Logf); err != nil {
		return err
	}
	for _, f := range b.Template.Functions {
		b.add(b.host.Unit(f.Area))
	}
	return nil
}

// writeSettings writes the file from which a host reads the function's environment.
func (b *Bundle) writeSettings(f sam.Function) error {
	dir := filepath.Join(b.dir.path, host.Settings)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var text strings.Builder
	for _, variable := range b.Environment(f) {
		name, value, _ := strings.Cut(variable, "=")
		fmt.Fprintf(&text, "%s=\"%s\"\n", name, value)
	}
	return os.WriteFile(filepath.Join(dir, f.Area+".env"), []byte(text.String()), 0o600)
}

// install puts the first release of a function where a deploy would put it, unless there is one.
func (b *Bundle) install(area string) error {
	dir := filepath.Join(b.dir.path, host.Releases, area)
	if _, err := os.Stat(filepath.Join(dir, "current")); err == nil {
		return nil
	}
	release := filepath.Join("releases", "20000101T000000.000-first")
	if err := os.MkdirAll(filepath.Join(dir, release), 0o755); err != nil { //nolint:gosec // binaries are not secret
		return err
	}
	if err := os.Link(b.Binary(area), filepath.Join(dir, release, "bootstrap")); err != nil {
		return err
	}
	return os.Symlink(release, filepath.Join(dir, "current"))
}

func (b *Bundle) add(u *process.Unit) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.Functions = append(b.Functions, u)
}

// Environment returns the variables that a function is started with.
func (b *Bundle) Environment(f sam.Function) []string {
	return append(b.Template.Environment(f, b.parameter), b.o.Env...)
}

// parameter returns the value of a parameter of the template, and whether there is one.
func (b *Bundle) parameter(name string) (value string, ok bool) {
	switch name {
	case "DatabaseUrl":
		return b.functionsURL, true
	case "MailDir":
		if b.o.Parameter != nil {
			if value, ok = b.o.Parameter(name); ok {
				return value, true
			}
		}
		return filepath.Join(b.dir.path, "mail"), true
	case "RefusedLog":
		if !b.o.Host {
			return b.Log("refused"), true
		}
		return host.RefusedLog(b.dir.path), true
	case "TokenPublicKeys":
		return keys.Public(b.Keys()), true
	case "TokenPrivateKey":
		return keys.Private(b.Keys()), true
	}
	if b.o.Parameter == nil {
		return "", false
	}
	return b.o.Parameter(name)
}
