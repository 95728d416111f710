// Package bundle runs a bundle in a folder of its own: its own PostgreSQL, functions that are processes, and the local gateway
// on a free port. It is for programs and tests that do to a bundle what nobody would do to one in use.
package bundle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"minifb/shared/ops/gateway"
	"minifb/shared/ops/postgres"
	"minifb/shared/ops/release"
	"minifb/shared/ops/sam"
	"minifb/shared/ops/supervise"
	"minifb/shared/store"
	"minifb/shared/token"
)

const (
	database     = "minifb"
	readyTimeout = 30 * time.Second
	drainTimeout = 10 * time.Second
	issuer       = "minifb" // what functions expect, unless told otherwise; the audience too
)

// Options say what to run.
type Options struct {
	Root  string   // the folder of template.yaml
	Dir   string   // where all is kept; it must exist, and its path be shorter than 70 bytes
	Areas []string // the functions to run; none: all of the template
	Fast  bool     // give durability up for speed, as cluster.Options do
	Race  bool     // build the functions with the race detector
	Env   []string // what functions get beside what the template says
	Say   func(format string, args ...any)
}

// A Bundle is a running one.
type Bundle struct {
	URL         string // of the gateway
	DatabaseURL string
	Signer      *token.Signer // signs tokens that the functions take
	Functions   []*supervise.Function

	o       Options
	cluster *postgres.Cluster
	server  *http.Server
	log     *os.File
}

// Start builds the functions and starts all. It returns when every function is ready; what it started before an error is
// stopped again.
func Start(ctx context.Context, o Options) (_ *Bundle, err error) {
	b := &Bundle{o: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.Stop())
		}
	}()
	template, err := sam.Load(filepath.Join(o.Root, "template.yaml"))
	if err != nil {
		return nil, err
	}
	if len(o.Areas) > 0 {
		template.Functions = slices.DeleteFunc(template.Functions, func(f sam.Function) bool { return !slices.Contains(o.Areas, f.Area) })
	}
	for _, folder := range []string{"bin", "run", "log", "mail"} {
		if err := os.MkdirAll(filepath.Join(o.Dir, folder), 0o700); err != nil {
			return nil, fmt.Errorf("make the bundle's folder: %w", err)
		}
	}
	if err := b.build(ctx, template); err != nil {
		return nil, err
	}
	// Not ended by ctx: the functions go first.
	b.cluster, err = postgres.Start(context.WithoutCancel(ctx), postgres.Options{Dir: o.Dir, Database: database, Fast: o.Fast})
	if err != nil {
		return nil, err
	}
	b.DatabaseURL = b.cluster.URL(database)
	if _, err := store.Migrate(ctx, b.DatabaseURL); err != nil {
		return nil, err
	}
	if err := b.startFunctions(template); err != nil {
		return nil, err
	}
	if err := b.AwaitReady(ctx); err != nil {
		return nil, err
	}
	return b, b.serve(ctx, template)
}

func (b *Bundle) build(ctx context.Context, t *sam.Template) error {
	dir := filepath.Join(b.o.Dir, "bin")
	var packages []string
	for _, f := range t.Functions {
		packages = append(packages, "./functions/"+f.Area)
	}
	var said strings.Builder
	err := release.Build(ctx, b.o.Root, dir, release.Target{Arch: runtime.GOARCH, Race: b.o.Race}, &said, packages...)
	if err != nil {
		return fmt.Errorf("the functions do not build: %w\n%s", err, strings.TrimSpace(said.String()))
	}
	return nil
}

func (b *Bundle) startFunctions(t *sam.Template) error {
	private, public, err := token.GenerateKeys()
	if err != nil {
		return err
	}
	if b.Signer, err = token.NewSigner(private, issuer, issuer); err != nil {
		return err
	}
	parameters := map[string]string{
		"DatabaseUrl": b.DatabaseURL, "TokenPublicKeys": public, "TokenPrivateKey": private,
		"MailDir": filepath.Join(b.o.Dir, "mail"),
	}
	value := func(name string) (string, bool) { v, ok := parameters[name]; return v, ok }
	for _, f := range t.Functions {
		started, err := supervise.Start(supervise.Spec{
			Area: f.Area, Binary: filepath.Join(b.o.Dir, "bin", f.Area), Socket: b.socket(f.Area), Log: b.Log(f.Area),
			Env: append(t.Environment(f, value), b.o.Env...), Say: b.o.Say,
		})
		if err != nil {
			return err
		}
		b.Functions = append(b.Functions, started)
	}
	return nil
}

// AwaitReady waits until every function answers that it is ready.
func (b *Bundle) AwaitReady(ctx context.Context) error {
	for _, f := range b.Functions {
		if err := f.AwaitReady(ctx, readyTimeout); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bundle) serve(ctx context.Context, t *sam.Template) error {
	var err error
	if b.log, err = supervise.OpenLog(b.Log("gateway")); err != nil {
		return err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for the gateway: %w", err)
	}
	b.URL = "http://" + listener.Addr().String()
	b.server = gateway.NewServer(t, b.socket, slog.NewLogLogger(slog.NewJSONHandler(b.log, nil), slog.LevelWarn))
	go func() { _ = b.server.Serve(listener) }() // returns when it is closed
	return nil
}

// Stop stops the gateway, lets the functions drain, and stops PostgreSQL. What they wrote stays in Options.Dir.
func (b *Bundle) Stop() error {
	if b.server != nil {
		_ = b.server.Close() // whoever calls Stop has no question left
	}
	supervise.Stop(b.Functions, drainTimeout)
	if b.log != nil {
		_ = b.log.Close() // written line by line
	}
	if b.cluster == nil {
		return nil
	}
	return b.cluster.Stop()
}

// Log is the path of a function's log, one JSON line a request; "gateway" has one too.
func (b *Bundle) Log(area string) string { return filepath.Join(b.o.Dir, "log", area+".log") }

// PostgresLog is the path of PostgreSQL's log.
func (b *Bundle) PostgresLog() string { return filepath.Join(b.o.Dir, "postgres", "log") }

func (b *Bundle) socket(area string) string { return filepath.Join(b.o.Dir, "run", area+".sock") }
