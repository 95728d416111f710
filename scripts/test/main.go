// Command test is `make test`. It installs what the tests need, starts a temporary PostgreSQL, and
// builds, vets and tests everything. It fails where a test fails or is skipped, where no test runs,
// and where no test runs a statement of functions/. Its last line counts the tests: "1625 passed, 0
// failed".
//
// Package testjson of gotestsum reads the output of `go test` and reports on it, and
// golang.org/x/tools/cover reads the coverage. The rule for functions/ is this command's own: the
// tools that check coverage compare percentages, and do not name the statements that no test runs.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// options are the command's flags and arguments.
type options struct {
	packages []string // as `go list` accepts them
	whole    bool     // every test of every package, so that the coverage must be complete
	run      string   // run only the tests that match this pattern
	bench    string   // run the benchmarks that match this pattern, and no test
	fuzz     string   // run each fuzz target for this time, and no test
	profile  string   // the file of the coverage
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := command(ctx, os.Args[1:], os.Stdout)
	stop()
	os.Exit(code)
}

// command runs the command with these arguments and returns its exit code.
func command(ctx context.Context, args []string, out io.Writer) (code int) {
	var o options
	flags := flag.NewFlagSet("test", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&o.run, "run", "", "run only the tests that match this `pattern`")
	flags.StringVar(&o.bench, "bench", "", "run the benchmarks that match this `pattern`, and no test")
	flags.StringVar(&o.fuzz, "fuzz", "", "run each fuzz target for this `time`, such as 10m, and no test")
	flags.StringVar(&o.profile, "profile", ".build/cover.out", "write the coverage to this `file`")
	if flags.Parse(args) != nil {
		return 2
	}
	o.packages = flags.Args()
	if len(o.packages) == 0 {
		o.packages = []string{"./..."}
		o.whole = o.run == ""
	}
	count, err := o.perform(ctx, out)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(out, "\nstopped")
		return 130
	case err != nil:
		fmt.Fprintf(out, "\nNOT PASSED: %v\n", err)
		code = 1
	}
	if o.bench == "" && o.fuzz == "" {
		fmt.Fprintln(out, count)
	}
	return code
}
