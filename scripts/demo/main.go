// Command demo is `make demo`: it fills a running bundle with people, their posts and what they say to each other, through the
// public API alone, and then shows what to look at. The same SEED makes the same content, and what an earlier run of the last 24
// hours wrote is found again and not written twice.
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
	err := run(ctx, os.Getenv, newScreen(os.Stdout))
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case interrupted:
		fmt.Fprintln(os.Stderr, "make demo: stopped; run it again to go on")
		os.Exit(130)
	case err != nil:
		fmt.Fprintf(os.Stderr, "make demo: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, env func(string) string, s screen) error {
	seed, err := strconv.ParseUint(or(env("SEED"), "1"), 10, 64)
	if err != nil {
		return fmt.Errorf("SEED is %q; name a number from 0 on", env("SEED"))
	}
	base := or(env("BASE_URL"), "http://localhost:"+or(env("PORT"), "8080"))
	d := &demo{client: client.New(base, parallel), base: base, screen: s, plan: newPlan(seed)}
	d.client.Patience = patience
	defer d.client.Close()
	if err := d.fill(ctx); err != nil {
		return err
	}
	d.show()
	return nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
