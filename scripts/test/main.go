// Command test is `make test`. It readies the machine, starts a throw-away PostgreSQL, builds, vets and tests everything, and
// fails on anything less than whole: a test that fails, one that is skipped, a statement of functions/ that no test runs.
// Its last line says how many tests ran.
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

// A plan is what to test, and how.
type plan struct {
	packages []string // as `go list` takes them
	whole    bool     // every package, every test: coverage is held to account
	run      string   // only the tests that this pattern names
	bench    string   // these benchmarks instead of tests
	profile  string   // where the coverage goes
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := command(ctx, os.Args[1:], os.Stdout)
	stop()
	os.Exit(code)
}

func command(ctx context.Context, args []string, out io.Writer) (code int) {
	var p plan
	flags := flag.NewFlagSet("test", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&p.run, "run", "", "run only the tests that this `pattern` names")
	flags.StringVar(&p.bench, "bench", "", "run the benchmarks that this `pattern` names, and no test")
	flags.StringVar(&p.profile, "profile", ".build/cover.out", "write the coverage to this `file`")
	if flags.Parse(args) != nil {
		return 2
	}
	p.packages = flags.Args()
	if len(p.packages) == 0 {
		p.packages = []string{"./..."}
		p.whole = p.run == ""
	}
	count, err := p.perform(ctx, out)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(out, "\nstopped")
		return 130
	case err != nil:
		fmt.Fprintf(out, "\nNOT PASSED: %v\n", err)
		code = 1
	}
	if p.bench == "" {
		fmt.Fprintln(out, count)
	}
	return code
}
