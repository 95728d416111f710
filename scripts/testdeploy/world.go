package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"minifb/shared/ops/host"
	"minifb/shared/ops/release"
	"minifb/shared/ops/render"
	"minifb/shared/ops/sam"
	"minifb/shared/store"
	"minifb/shared/token"
)

// A world is a host in a folder, all of it real: nginx, every function as a process, and the deploy command.
type world struct {
	root, source string
	database     string
	template     *sam.Template
	host         *host.Host
	nginx        *host.Nginx
	address      string // nginx's
	signer       *token.Signer
	claims       token.Claims // of a user who is signed in
	store        *store.Store
	builds       int // of the function, each with other bytes
}

// newWorld makes a world in root with an empty, migrated database. source is the repository's folder; a function may take patience to
// start.
func newWorld(ctx context.Context, root, source, database string, patience time.Duration, said io.Writer) (w *world, err error) {
	w = &world{root: root, source: source, database: database}
	if w.template, err = sam.Load(filepath.Join(source, "template.yaml")); err != nil {
		return nil, err
	}
	packages := []string{"./scripts/deploy", "./scripts/testdeploy/bad500"}
	for _, f := range w.template.Functions {
		packages = append(packages, "./functions/"+f.Area)
	}
	if err := release.Build(ctx, source, w.bin(""), release.Target{Arch: runtime.GOARCH}, said, packages...); err != nil {
		return nil, err
	}
	if err := w.settings(); err != nil {
		return nil, err
	}
	if err := w.signIn(ctx); err != nil {
		return nil, err
	}
	for _, f := range w.template.Functions {
		if err := w.place(f.Area); err != nil {
			return nil, err
		}
	}
	if w.host, err = host.Start(root, w.template, patience); err != nil {
		return nil, err
	}
	if w.address, err = host.FreePort(); err != nil {
		return w, err
	}
	w.nginx, err = host.StartNginx(root, w.template, render.Nginx{Listen: w.address})
	return w, err
}

func (w *world) stop() {
	if w.nginx != nil {
		w.nginx.Stop()
	}
	if w.host != nil {
		w.host.Stop()
	}
	if w.store != nil {
		_ = w.store.Close()
	}
}

func (w *world) bin(name string) string { return filepath.Join(w.root, "bin", name) }

// settings writes what scripts/host writes on a host.
func (w *world) settings() error {
	private, public, err := token.GenerateKeys()
	if err != nil {
		return err
	}
	if w.signer, err = token.NewSigner(private, "minifb", "minifb"); err != nil {
		return err
	}
	etc := filepath.Join(w.root, host.Settings)
	if err := os.MkdirAll(etc, 0o755); err != nil { //nolint:gosec // what is secret within is closed itself
		return err
	}
	for name, content := range map[string]string{
		"public.jwks": public, "private.jwk": private,
		"minifb.env": fmt.Sprintf("DATABASE_URL=%q\nTOKEN_PUBLIC_KEYS=%s/public.jwks\nDATABASE_POOL=10\n", w.database, etc),
		"auth.env":   fmt.Sprintf("TOKEN_PRIVATE_KEY=%s/private.jwk\n", etc),
	} {
		if err := os.WriteFile(filepath.Join(etc, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) signIn(ctx context.Context) (err error) {
	if w.store, err = store.Open(w.database, "testdeploy", 2); err != nil {
		return err
	}
	user := store.User{ID: "deploy.tester", Name: "Tester", PasswordHash: "pbkdf2:sha256:1$none$00"}
	if err := w.store.CreateUser(ctx, &user); err != nil {
		return err
	}
	credential, err := w.store.CredentialByID(ctx, user.ID)
	if err != nil {
		return err
	}
	session, _, err := w.store.OpenSession(ctx, credential, "testdeploy")
	w.claims = token.Claims{UserUID: user.UID, SessionID: session.ID}
	return err
}

// place puts the first release of a function where a deploy would.
func (w *world) place(area string) error {
	dir := filepath.Join(w.root, host.Releases, area)
	release := filepath.Join(dir, "releases", "20000101T000000.000-first")
	if err := os.MkdirAll(release, 0o755); err != nil { //nolint:gosec // binaries are no secret
		return err
	}
	if err := os.Link(w.bin(area), filepath.Join(release, "bootstrap")); err != nil {
		return err
	}
	return os.Symlink("releases/"+filepath.Base(release), filepath.Join(dir, "current"))
}

// another is a build of the area whose bytes differ from all before, and which does the same.
func (w *world) another(area string) (path string, err error) {
	w.builds++
	content, err := os.ReadFile(w.bin(area))
	if err != nil {
		return "", err
	}
	path = w.bin(fmt.Sprintf("%s.%d", area, w.builds))
	return path, os.WriteFile(path, append(content, fmt.Sprintf("build %d", w.builds)...), 0o700) //nolint:gosec // it is a program
}

// script is a build that is a shell script.
func (w *world) script(text string) (path string, err error) {
	w.builds++
	path = w.bin(fmt.Sprintf("script.%d", w.builds))
	return path, os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700) //nolint:gosec // it is a program
}

// deploy runs the command that `make deploy` runs, and answers what it said and how long it took.
func (w *world) deploy(ctx context.Context, arguments ...string) (said string, took time.Duration, err error) {
	begun := time.Now()
	// Its own work, packing and hashing, is another machine's where the host is not this one.
	cmd := exec.CommandContext(ctx, "nice", append([]string{"-n", "10", w.bin("deploy"), "-host", "local", "-root", w.root, "-function", "post"}, arguments...)...)
	cmd.Dir = w.source
	out, err := cmd.CombinedOutput()
	return string(out), time.Since(begun), err
}

// pids are the process ids of all functions but post.
func (w *world) pids() map[string]int {
	all := map[string]int{}
	for _, f := range w.template.Functions {
		if f.Area != "post" {
			all[f.Area] = w.host.PID(f.Area)
		}
	}
	return all
}

// undisturbed fails where the functions that nobody deployed are not the processes that they were.
func (w *world) undisturbed(before map[string]int) error {
	if after := w.pids(); !maps.Equal(before, after) {
		return fmt.Errorf("other functions were restarted: their process ids were %v and are %v", before, after)
	}
	return nil
}
