// Command demo is `make demo`. It fills a running bundle with users, posts, comments, reactions and
// read notifications through the public API, and prints requests to try. The same SEED creates the
// same content; what a run of the last 24 hours has created is not created again.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"minifb/shared/testkit/client"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Getenv, newProgress(os.Stdout))
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case interrupted:
		fmt.Fprintln(os.Stderr, "make demo: stopped; run it again to continue")
		os.Exit(130)
	case err != nil:
		fmt.Fprintf(os.Stderr, "make demo: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, env func(string) string, p progress) error {
	seed, err := strconv.ParseUint(or(env("SEED"), "1"), 10, 64)
	if err != nil {
		return fmt.Errorf("SEED is %q: it must be a whole number, at least 0", env("SEED"))
	}
	base := or(env("BASE_URL"), "http://localhost:"+or(env("PORT"), "8080"))
	d := &demo{client: client.New(base, parallel), base: base, progress: p, plan: newPlan(seed)}
	d.shown = or(env("SHOWN_URL"), base)
	d.client.MaxWait = maxWait
	defer d.client.Close()
	if err := d.fill(ctx); err != nil {
		return err
	}
	d.printSummary()
	return nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
