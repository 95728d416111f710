// Command admin is `make admin`: it makes an account an administrator, or takes the role away, and
// revokes the account's sessions. Without an ID it lists the administrators. It works on the database
// of DATABASE_URL, or of the running `make run` in DATA_DIR.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"minifb/shared/ops/bundle"
	"minifb/shared/store"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	id := flag.String("id", "", "the account; without one the administrators are listed")
	revoke := flag.Bool("revoke", false, "take the role away")
	flag.Parse()
	err := run(ctx, os.Stdout, os.Getenv, *id, *revoke)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "make admin:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, env func(string) string, id string, revoke bool) error {
	url, err := databaseURL(env)
	if err != nil {
		return err
	}
	s, err := store.Open(url, "admin", 1)
	if err != nil {
		return err
	}
	defer s.Close()
	switch {
	case id == "" && revoke:
		return errors.New("name the account: make admin ID=… REVOKE=1")
	case id == "":
		return list(ctx, out, s)
	case revoke:
		changed, err := s.RevokeAdministrator(ctx, id)
		return report(out, changed, err, id+" is no longer an administrator, and is signed out everywhere",
			id+" is not an administrator; nothing was changed")
	}
	changed, err := s.GrantAdministrator(ctx, id)
	return report(out, changed, err, id+" is an administrator, and has to sign in again",
		id+" is an administrator already; nothing was changed")
}

func list(ctx context.Context, out io.Writer, s *store.Store) error {
	users, err := s.Administrators(ctx)
	if err != nil {
		return err
	}
	for _, u := range users {
		fmt.Fprintf(out, "%s (%s)\n", u.ID, u.Name)
	}
	if len(users) == 0 {
		fmt.Fprintln(out, "there is no administrator; make one: make admin ID=…")
	}
	return nil
}

func report(out io.Writer, changed bool, err error, done, unchanged string) error {
	switch {
	case err != nil:
		return err
	case changed:
		fmt.Fprintln(out, done)
	default:
		fmt.Fprintln(out, unchanged)
	}
	return nil
}

// databaseURL returns DATABASE_URL, or the URL of the private PostgreSQL of `make run`.
func databaseURL(env func(string) string) (string, error) {
	if url := env("DATABASE_URL"); url != "" {
		return url, nil
	}
	dir := env("DATA_DIR")
	if dir == "" {
		dir = ".data"
	}
	content, err := os.ReadFile(filepath.Join(dir, bundle.DatabaseURLFile))
	if err != nil {
		return "", fmt.Errorf("no bundle has run in %s: start `make run` first, or set DATABASE_URL", dir)
	}
	return strings.TrimSpace(string(content)), nil
}
