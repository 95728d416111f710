// Command conformance checks whether a server is a minifb. It speaks HTTP only, and shares no code
// with the functions, so that it can check an implementation in any language:
//
//	minifb-check [flags] http://localhost:8080
//
// Without a URL it checks the server of BASE_URL.
//
// It exits with 0 if every case passes, with 1 if one fails, and with 2 if it could not check: bad
// flags, no server, or a server that limits how many users one client may sign up.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"minifb/scripts/conformance/check"
)

const (
	exitFailed  = 1
	exitUnusual = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	failed, err := run(ctx, os.Args[1:])
	stop()
	code := exitCode(failed, err)
	if code == exitUnusual {
		fmt.Fprintln(os.Stderr, "minifb-check:", err)
	}
	os.Exit(code)
}

// exitCode returns the exit code after a run in which so many cases failed, or which could not check.
func exitCode(failed int, err error) int {
	switch {
	case err != nil && !errors.Is(err, flag.ErrHelp):
		return exitUnusual
	case failed > 0:
		return exitFailed
	}
	return 0
}

// run checks as the arguments say, and returns how many cases failed.
func run(ctx context.Context, args []string) (failed int, err error) {
	s, err := parse(args)
	if err != nil {
		return 0, err
	}
	cases, leftOut, err := s.cases()
	if err != nil {
		return 0, err
	}
	if s.list {
		for _, c := range cases {
			fmt.Fprintf(os.Stdout, "%s\n\t%s\n", c.Name, c.Rule)
		}
		fmt.Fprintf(os.Stdout, "%d cases\n", len(cases))
		return 0, nil
	}
	if err := reachable(ctx, s.url); err != nil {
		return 0, err
	}
	options := s.options()
	progress := newProgress(os.Stderr, len(cases))
	options.Done = progress.done
	begun := time.Now()
	results, err := check.Run(ctx, cases, options)
	took := time.Since(begun)
	progress.end()
	if errors.Is(err, check.ErrLimited) {
		return 0, fmt.Errorf("%w, and this run needs some hundreds.\n"+
			"Lift its limits for the check: this project's server has none if it is started by\nLIMITS=off make run",
			err)
	}
	if err != nil {
		return 0, err
	}
	check.WriteText(os.Stdout, results, took)
	for _, line := range leftOut {
		fmt.Fprintln(os.Stdout, line)
	}
	return check.Failed(results), s.write(results, took)
}

// reachable returns an error if nothing responds.
func reachable(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/post", http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return fmt.Errorf("%s does not respond: %w", url, err)
	}
	return response.Body.Close()
}
