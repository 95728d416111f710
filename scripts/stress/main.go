// Command stress is `make stress`. Many clients write, edit, delete, comment on and react to posts
// at once, while the functions are killed and started again. Then it checks that every counter
// equals its rows, that every notification has its cause, and that the database has every
// acknowledged write. It starts a bundle of its own, and exits with 1 if it finds a violation.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// settings are the size of a run.
type settings struct {
	operations, clients, kills int
	seed                       uint64
	timeout                    time.Duration // for all operations; those not executed by then are a violation
	root                       string        // of the repository
	fast, race                 bool          // see bundle.Options
}

// readSettings reads the variables of `make stress`. The error names each invalid one.
func readSettings(env func(string) string) (settings, error) {
	s := settings{root: ".", timeout: 15 * time.Minute, race: env("RACE") == "on"}
	var errs []error
	number := func(name string, otherwise, least int) int {
		text := env(name)
		if text == "" {
			return otherwise
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < least {
			errs = append(errs, fmt.Errorf("%s is %q: it must be a whole number, at least %d", name, text, least))
		}
		return n
	}
	s.operations = number("OPERATIONS", 100_000, 1)
	s.clients = number("CLIENTS", 64, 1)
	s.kills = number("KILLS", 5, 0)
	s.seed = uint64(number("SEED", 1, 0)) //nolint:gosec // not negative
	return s, errors.Join(errs...)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := command(ctx, os.Getenv, os.Stdout)
	stop()
	os.Exit(code)
}

func command(ctx context.Context, env func(string) string, output io.Writer) (code int) {
	s, err := readSettings(env)
	if err != nil {
		fmt.Fprintf(output, "make stress: %v\n", err)
		return 1
	}
	dir, err := os.MkdirTemp("", "minifb-stress-")
	if err != nil {
		fmt.Fprintf(output, "make stress: %v\n", err)
		return 1
	}
	violations, err := run(ctx, s, dir, output)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(output, "stopped")
		code = 130
	case err != nil:
		fmt.Fprintf(output, "make stress: %v\n", err)
		code = 1
	case len(violations) > 0:
		code = 1
	}
	if code == 1 {
		fmt.Fprintf(output, "The database and the logs are in %s\n", dir)
		return code
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintf(output, "make stress: %v\n", err)
		return 1
	}
	return code
}
