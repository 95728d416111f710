// Command testdeploy is `make test-deploy`: under a steady load through nginx it deploys one function again and again, good builds and
// bad ones, and kills it; then it counts what was lost, doubled, restarted and delayed. It exits with 1 where a promise was broken.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"minifb/shared/ops/host"
	"minifb/shared/ops/postgres"
	"minifb/shared/store"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	t := trial{strict: true}
	flag.IntVar(&t.rate, "rate", 400, "requests a second")
	flag.IntVar(&t.deploys, "deploys", 50, "how many deploys and rollbacks")
	flag.DurationVar(&t.quiet, "quiet", 30*time.Second, "how long to measure without a deploy")
	flag.DurationVar(&t.pause, "pause", 4*time.Second, "between two deploys")
	flag.Parse()
	err := command(ctx, t)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "test-deploy:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, t trial) error {
	root, err := os.MkdirTemp("", "minifb-deploy-")
	if err != nil {
		return err
	}
	database, err := postgres.Start(ctx, postgres.Options{Dir: root, Database: "minifb"})
	if err != nil {
		return err
	}
	url := database.URL("minifb")
	if _, err := store.Migrate(ctx, url); err != nil {
		return err
	}
	fmt.Println("building")
	w, err := newWorld(ctx, root, ".", url, host.StartTimeout, os.Stderr)
	if err == nil {
		err = t.run(ctx, w, os.Stdout)
	}
	if w != nil {
		w.stop()
	}
	if stopping := database.Stop(); err == nil {
		err = stopping
	}
	if err != nil {
		return fmt.Errorf("%w\nthe logs are kept in %s", err, root)
	}
	return os.RemoveAll(root)
}
