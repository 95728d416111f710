// Command run is minifb's local runtime: it brings up the bundle with everything that it needs,
// serves it on one port, and stops it on a signal. `make run` builds and runs it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"minifb/shared/ops/bundle"
)

func main() {
	out := &screen{out: os.Stdout, begun: time.Now()}
	if err := run(out); err != nil {
		fmt.Fprintf(os.Stderr, "make run: %s\n", strings.ReplaceAll(err.Error(), "\n", "\n  "))
		os.Exit(1)
	}
	out.printf("stopped")
}

// run serves the bundle until a signal arrives or it fails for good.
func run(out *screen) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	// The bundle outlives its terminal. Ignoring the signal would make the functions ignore it too.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	s, err := readSettings(os.LookupEnv)
	if err != nil {
		return err
	}
	b := bundle.New(s.options(out))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-signals
		out.printf("stopping; a second signal kills at once")
		cancel()
		<-signals
		b.Kill()
		os.Exit(130)
	}()
	err = serve(ctx, b, s, out)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func serve(ctx context.Context, b *bundle.Bundle, s settings, out *screen) error {
	if err := s.database.Ping(ctx); err != nil {
		return err
	}
	if err := b.Start(ctx); err != nil {
		return err
	}
	out.welcome(b, s)
	var err error
	reloading, endReload := context.WithCancel(ctx)
	var reload sync.WaitGroup
	reload.Go(func() { b.Reload(reloading, out.reloaded) })
	select {
	case <-ctx.Done():
	case err = <-b.Failed():
	}
	endReload()
	reload.Wait()
	if stopErr := b.Stop(); stopErr != nil {
		out.printf("%v", stopErr)
	}
	return err
}
