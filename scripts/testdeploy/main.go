// Command testdeploy is `make test-deploy`: under a steady load through nginx it deploys one
// function many times, working builds and broken ones, and kills it. Then it counts the requests
// that were lost, doubled, disturbed or delayed. With -hosts 3 it deploys to three hosts behind a
// balancer, one after the other, and reloads, restarts and kills them instead. It exits with 1 if a
// promise was broken.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"minifb/shared/ops/bundle"
	"minifb/shared/ops/host"
	"minifb/shared/testkit/trial"
)

func main() {
	var s scenario
	flag.IntVar(&s.rate, "rate", 400, "requests a second")
	flag.IntVar(&s.deploys, "deploys", 50, "the number of deploys and rollbacks; with -hosts, of deploys to each host")
	hosts := flag.Int("hosts", 1, "the number of hosts; with 2 or more they are behind a balancer")
	flag.DurationVar(&s.quiet, "quiet", 30*time.Second, "how long to measure before the deploys, and after them")
	flag.DurationVar(&s.pause, "pause", 4*time.Second, "the pause between two deploys")
	flag.BoolVar(&s.strict, "strict", false, "treat a missed aim as a broken promise; needs an idle machine")
	flag.Parse()
	run := s.runOnNewHost
	if *hosts > 1 {
		run = func(ctx context.Context, dir string, output io.Writer) ([]string, error) {
			return s.runOnNewSite(ctx, dir, *hosts, output)
		}
	}
	os.Exit(trial.Main("test-deploy", run))
}

// options are those of a host in an empty folder.
func options(dir string, output io.Writer) bundle.Options {
	return bundle.Options{
		Source: ".", Dir: dir, StartTimeout: host.StartTimeout,
		Step: func(s bundle.Step) { fmt.Fprintf(output, "[%d/%d] %s: %s\n", s.Number, s.Of, s.Name, s.Result) },
		Logf: func(format string, args ...any) { fmt.Fprintf(output, "  "+format+"\n", args...) },
	}
}

// runOnNewSite runs the scenario of several hosts in an empty folder.
func (s scenario) runOnNewSite(
	ctx context.Context, dir string, hosts int, output io.Writer,
) (broken []string, err error) {
	site, err := newSite(ctx, options(dir, output), hosts)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, site.stop()) }()
	return s.runOnSite(ctx, site, output)
}

// runOnNewHost runs the scenario on a host in an empty folder.
func (s scenario) runOnNewHost(ctx context.Context, dir string, output io.Writer) (broken []string, err error) {
	f, err := newFixture(ctx, options(dir, output))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.stop()) }()
	return s.run(ctx, f, output)
}
