// Command stress is `make stress`: many clients do all at once what users do to posts, comments and reactions, while the
// functions are killed and started again. Then every counter must equal its rows, every notification its cause, and all that was
// acknowledged must be there. It starts a bundle of its own, ends by itself, and exits with 1 where a promise was broken.
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

// settings are how hard it gets.
type settings struct {
	operations, clients, kills int
	seed                       uint64
	atMost                     time.Duration // for the operations; what was not done by then counts as failed
	root                       string        // of the repository
	fast, race                 bool          // as bundle.Options have it
}

// readSettings reads the variables that `make stress` may be given.
func readSettings(env func(string) string) (settings, error) {
	s := settings{root: ".", atMost: 15 * time.Minute, race: env("RACE") == "on"}
	var faults []error
	number := func(name string, otherwise, least int) int {
		text := env(name)
		if text == "" {
			return otherwise
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < least {
			faults = append(faults, fmt.Errorf("%s is %q; name a number from %d on", name, text, least))
		}
		return n
	}
	s.operations = number("OPERATIONS", 100_000, 1)
	s.clients = number("CLIENTS", 64, 1)
	s.kills = number("KILLS", 5, 0)
	s.seed = uint64(number("SEED", 1, 0)) //nolint:gosec // not negative
	return s, errors.Join(faults...)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := command(ctx, os.Getenv, os.Stdout)
	stop()
	os.Exit(code)
}

func command(ctx context.Context, env func(string) string, out io.Writer) (code int) {
	s, err := readSettings(env)
	if err != nil {
		fmt.Fprintf(out, "make stress: %v\n", err)
		return 1
	}
	dir, err := os.MkdirTemp("", "minifb-stress-")
	if err != nil {
		fmt.Fprintf(out, "make stress: %v\n", err)
		return 1
	}
	violations, err := torment(ctx, s, dir, out)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(out, "stopped")
		code = 130
	case err != nil:
		fmt.Fprintf(out, "make stress: %v\n", err)
		code = 1
	case len(violations) > 0:
		code = 1
	}
	if code == 1 {
		fmt.Fprintf(out, "the database and the logs are kept in %s\n", dir)
		return code
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintf(out, "make stress: clear up: %v\n", err)
		return 1
	}
	return code
}
