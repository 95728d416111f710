// Command bundled runs another program with a bundle of its own on the database of DATABASE_URL:
//
//	bundled [-admin] program arguments…
//
// The program gets the bundle's address as BASE_URL, that of a later `make run` as SHOWN_URL, and with -admin an
// administrator as ADMIN_ID and ADMIN_PASSWORD.
// `make demo` and `make check` use it when DATABASE_URL is set. It refuses a database that functions are connected to.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"minifb/shared/ops/bundle"
	"minifb/shared/ops/sam"
	"minifb/shared/store"
)

// served is the address of `make run`.
const served = "http://localhost:8080"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	r := runner{root: ".", env: os.Getenv, output: os.Stderr}
	code, err := r.run(ctx, os.Args[1:])
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case interrupted:
		code = 130
	case err != nil:
		fmt.Fprintln(os.Stderr, "bundled:", err)
		code = 2
	}
	os.Exit(code)
}

// A runner runs programs beside bundles.
type runner struct {
	root   string // of the repository
	env    func(variable string) string
	output io.Writer // for what the bundle does
}

// run returns the exit code of the program; the error says why it was not started, or what of the bundle did not stop.
func (r runner) run(ctx context.Context, args []string) (code int, err error) {
	flags := flag.NewFlagSet("bundled", flag.ContinueOnError)
	admin := flags.Bool("admin", false, "make an administrator for the program, and take the role away afterwards")
	if err := flags.Parse(args); err != nil {
		return 0, err
	}
	if flags.NArg() == 0 {
		return 0, errors.New("name a program: bundled [-admin] program arguments…")
	}
	urls, err := bundle.ReadURLs(r.env)
	if err != nil {
		return 0, err
	}
	if urls.Functions == "" {
		return 0, errors.New("DATABASE_URL: name the database on which the program is to run")
	}
	if err := urls.Ping(ctx); err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "minifb-bundled-")
	if err != nil {
		return 0, err
	}
	defer func() {
		if code == 0 && err == nil || ctx.Err() != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		} else {
			fmt.Fprintf(r.output, "The functions' logs are in %s\n", dir)
		}
	}()
	o, err := r.options(urls, dir)
	if err != nil {
		return 0, err
	}
	if *admin && r.env("ADMIN_ID") == "" {
		o.AdminID, o.AdminPassword = "check."+strings.ToLower(rand.Text()[:8]), rand.Text()
	}
	return r.beside(ctx, o, flags.Args())
}

// options returns those of a bundle without maintenance, which would mail and delete what is due in the database.
func (r runner) options(urls bundle.URLs, dir string) (bundle.Options, error) {
	template, err := sam.Load(r.root + "/template.yaml")
	if err != nil {
		return bundle.Options{}, err
	}
	var areas []string
	for _, f := range template.Functions {
		if len(f.Routes) > 0 {
			areas = append(areas, f.Area)
		}
	}
	return bundle.Options{
		Source: r.root, Template: template, Areas: areas, Dir: dir, Env: []string{"LIMITS=off"},
		DatabaseURL: urls.Functions, OwnerURL: urls.Owner, Alone: true,
		Logf: func(format string, args ...any) { fmt.Fprintf(r.output, format+"\n", args...) },
	}, nil
}

// beside starts the bundle, and stops it when the program has ended.
func (r runner) beside(ctx context.Context, o bundle.Options, program []string) (code int, err error) {
	b := bundle.New(o)
	fmt.Fprintln(r.output, "Building the functions, and starting them on the database of DATABASE_URL.")
	err = b.Start(ctx)
	if used, ok := errors.AsType[*bundle.InUseError](err); ok {
		return 0, fmt.Errorf("%w.\nTo use their bundle, name it: BASE_URL for make demo, URL for make check", used)
	}
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, b.Stop()) }()
	if o.AdminID != "" {
		defer func() { err = errors.Join(err, revoke(context.WithoutCancel(ctx), b.DatabaseURL, o.AdminID)) }()
	}
	cmd := exec.CommandContext(ctx, program[0], program[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Env = append(slices.Clone(os.Environ()), "BASE_URL="+b.URL, "SHOWN_URL="+served)
	if o.AdminID != "" {
		cmd.Env = append(cmd.Env, "ADMIN_ID="+o.AdminID, "ADMIN_PASSWORD="+o.AdminPassword)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok && ended.ExitCode() > 0 {
		return ended.ExitCode(), nil
	}
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(r.output, "The functions have stopped. make run with the same DATABASE_URL serves %s.\n", served)
	return 0, nil
}

// revoke takes the role of an administrator away.
func revoke(ctx context.Context, url, id string) error {
	s, err := store.Open(url, "bundled", 1)
	if err != nil {
		return err
	}
	_, err = s.RevokeAdministrator(ctx, id)
	return errors.Join(err, s.Close())
}
