// Command testdeploy is `make test-deploy`: under a steady load through nginx it deploys one
// function many times, working builds and broken ones, and kills it. Then it counts the requests
// that were lost, doubled, disturbed or delayed. It exits with 1 if a promise was broken.
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
	flag.IntVar(&s.deploys, "deploys", 50, "the number of deploys and rollbacks")
	flag.DurationVar(&s.quiet, "quiet", 30*time.Second, "how long to measure before the deploys, and after them")
	flag.DurationVar(&s.pause, "pause", 4*time.Second, "the pause between two deploys")
	flag.BoolVar(&s.strict, "strict", false, "treat a missed aim as a broken promise; needs an idle machine")
	flag.Parse()
	os.Exit(trial.Main("test-deploy", s.runOnNewHost))
}

// runOnNewHost runs the scenario on a host in an empty folder.
func (s scenario) runOnNewHost(ctx context.Context, dir string, output io.Writer) (broken []string, err error) {
	f, err := newFixture(ctx, bundle.Options{
		Source: ".", Dir: dir, StartTimeout: host.StartTimeout,
		Step: func(s bundle.Step) { fmt.Fprintf(output, "[%d/%d] %s: %s\n", s.Number, s.Of, s.Name, s.Result) },
		Logf: func(format string, args ...any) { fmt.Fprintf(output, "  "+format+"\n", args...) },
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.stop()) }()
	return s.run(ctx, f, output)
}
