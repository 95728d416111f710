// Command testdeploy is `make test-deploy`: under a steady load through nginx it deploys one
// function many times, working builds and broken ones, and kills it. Then it counts the requests
// that were lost, doubled, disturbed or delayed. It exits with 1 if a promise was broken.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"minifb/shared/ops/bundle"
	"minifb/shared/ops/host"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var s scenario
	flag.IntVar(&s.rate, "rate", 400, "requests a second")
	flag.IntVar(&s.deploys, "deploys", 50, "the number of deploys and rollbacks")
	flag.DurationVar(&s.quiet, "quiet", 30*time.Second, "how long to measure before the deploys, and after them")
	flag.DurationVar(&s.pause, "pause", 4*time.Second, "the pause between two deploys")
	flag.BoolVar(&s.strict, "strict", false, "treat a missed aim as a broken promise; needs an idle machine")
	flag.Parse()
	err := command(ctx, s)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "test-deploy:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, s scenario) error {
	root, err := os.MkdirTemp("", "minifb-deploy-")
	if err != nil {
		return err
	}
	f, err := newFixture(ctx, bundle.Options{
		Source: ".", Dir: root, StartTimeout: host.StartTimeout,
		Step: func(s bundle.Step) { fmt.Printf("[%d/%d] %s: %s\n", s.Number, s.Of, s.Name, s.Result) },
		Logf: func(format string, args ...any) { fmt.Printf("  "+format+"\n", args...) },
	})
	if err == nil {
		err = s.run(ctx, f, os.Stdout)
		if stopErr := f.stop(); err == nil {
			err = stopErr
		}
	}
	if err != nil {
		return fmt.Errorf("%w\nthe logs are kept in %s", err, root)
	}
	return os.RemoveAll(root)
}
