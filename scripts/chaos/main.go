// Command chaos is `make chaos`: under a steady load it breaks PostgreSQL, its disk, its clock and a function in turn.
// For each fault it prints what the clients saw, and compares the database with what was acknowledged to them. It
// starts a host of its own, and exits with 1 if a promise was broken.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// settings are the size of a run.
type settings struct {
	rate    int           // requests a second
	lasts   time.Duration // each fault; 0: the time that the fault names
	calm    time.Duration // before each fault
	after   time.Duration // after each fault at least; the load goes on until all is healthy again
	faults  []string      // the names of the faults
	gateway bool          // the gateway of make run in front of the functions, in place of nginx
	root    string        // of the repository
}

// readSettings reads the variables of `make chaos`. The error names each invalid one.
func readSettings(env func(string) string) (settings, error) {
	s := settings{calm: 2 * time.Second, after: maxRecovery, root: "."}
	var errs []error
	number := func(name string, otherwise int) int {
		text := env(name)
		if text == "" {
			return otherwise
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			errs = append(errs, fmt.Errorf("%s is %q: it must be a whole number, at least 1", name, text))
		}
		return n
	}
	s.rate = number("RATE", 100)
	s.lasts = time.Duration(number("SECONDS", 0)) * time.Second
	names := faultNames()
	for name := range strings.SplitSeq(env("FAULTS"), ",") {
		switch name = strings.TrimSpace(name); {
		case name == "":
		case slices.Contains(names, name):
			s.faults = append(s.faults, name)
		default:
			errs = append(errs, fmt.Errorf("FAULTS names %q: it must list some of %s", name, strings.Join(names, ",")))
		}
	}
	if len(s.faults) == 0 {
		s.faults = names
	}
	switch front := env("FRONT"); front {
	case "", "nginx":
	case "gateway":
		s.gateway = true
	default:
		errs = append(errs, fmt.Errorf("FRONT is %q: it must be nginx or gateway", front))
	}
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
		fmt.Fprintf(output, "make chaos: %v\n", err)
		return 1
	}
	dir, err := os.MkdirTemp("", "minifb-chaos-")
	if err != nil {
		fmt.Fprintf(output, "make chaos: %v\n", err)
		return 1
	}
	broken, err := run(ctx, s, dir, output)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(output, "stopped")
		code = 130
	case err != nil:
		fmt.Fprintf(output, "make chaos: %v\n", err)
		code = 1
	case len(broken) > 0:
		code = 1
	}
	if code == 1 {
		fmt.Fprintf(output, "The logs are in %s\n", dir)
		return code
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintf(output, "make chaos: %v\n", err)
		return 1
	}
	return code
}
