// Package trial is what the programs that try a whole bundle or host have in common: make stress, make chaos, make
// failover, make test-deploy and make mutants.
package trial

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

// A Run tries something in an empty folder. It reports what it does to output, and returns the promises that were
// broken. The error says why it could not be completed.
type Run func(ctx context.Context, dir string, output io.Writer) (broken []string, err error)

// Main executes the run of a make target in a temporary folder, and returns the exit code: 0, or 1 if it could not be
// completed or a promise was broken, or 130 if a signal stopped it. With 1 the folder is kept, because it has the logs.
// A second signal ends the process at once.
func Main(target string, run Run) (code int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop)
	return execute(ctx, target, os.Stdout, run)
}

func execute(ctx context.Context, target string, output io.Writer, run Run) (code int) {
	dir, err := os.MkdirTemp("", "minifb-"+target+"-")
	if err != nil {
		fmt.Fprintf(output, "make %s: %v\n", target, err)
		return 1
	}
	broken, err := run(ctx, dir, output)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(output, "stopped")
		code = 130
	case err != nil:
		fmt.Fprintf(output, "make %s: %v\n", target, err)
		code = 1
	case len(broken) > 0:
		code = 1
	}
	if code == 1 {
		fmt.Fprintf(output, "The logs are in %s\n", dir)
		return code
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintf(output, "make %s: %v\n", target, err)
		return 1
	}
	return code
}

// Variables reads the variables of a make target, and collects what is wrong with them.
type Variables struct {
	get  func(name string) string
	errs []error
}

// NewVariables returns the variables that get returns; empty: not set.
func NewVariables(get func(name string) string) *Variables { return &Variables{get: get} }

// Number returns the value of a variable, which must be a whole number of at least this size, or otherwise if it is
// not set.
func (v *Variables) Number(name string, otherwise, least int) int {
	text := v.get(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least {
		v.Refuse("%s is %q: it must be a whole number, at least %d", name, text, least)
	}
	return n
}

// Choice returns the value of a variable, which must be one of the choices, or the first one if it is not set.
func (v *Variables) Choice(name string, choices ...string) string {
	text := v.get(name)
	if text == "" {
		return choices[0]
	}
	if !slices.Contains(choices, text) {
		v.Refuse("%s is %q: it must be %s", name, text, strings.Join(choices, " or "))
	}
	return text
}

// Refuse adds an error.
func (v *Variables) Refuse(format string, args ...any) {
	v.errs = append(v.errs, fmt.Errorf(format, args...))
}

// Err returns all errors, or nil.
func (v *Variables) Err() error { return errors.Join(v.errs...) }

// Pause waits, but not longer than until ctx ends.
func Pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
