// Command mutants measures the conformance kit: it plants faults in front of this project's bundle, one
// at a time, and counts how many the kit notices. Without a fault it must not report any.
// `make mutants` runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"time"

	"minifb/scripts/conformance/check"
	"minifb/scripts/conformance/contract"
	"minifb/scripts/mutants/fault"
	"minifb/shared/ops/bundle"
	"minifb/shared/ops/sam"
)

const (
	aim           = 98 // percent of the faults that are noticed
	adminID       = "root.1"
	adminPassword = "correct horse"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "make mutants:", err)
		os.Exit(1)
	}
}

type settings struct {
	only     *regexp.Regexp
	parallel int
	limit    time.Duration
	list     bool
	verbose  bool
}

func parse(args []string) (s settings, err error) {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	only := flags.String("run", "", "plant only the faults whose name matches this `REGEXP`")
	flags.IntVar(&s.parallel, "parallel", 3, "how many faults are planted at a time, each in a proxy of its own")
	flags.DurationVar(&s.limit, "limit", time.Hour, "stop after this `TIME`")
	flags.BoolVar(&s.list, "list", false, "list the faults, and plant none")
	flags.BoolVar(&s.verbose, "v", false, "print which case noticed each fault")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	s.only, err = regexp.Compile(*only)
	return s, err
}

func run(ctx context.Context, out io.Writer, args []string) (err error) {
	s, err := parse(args)
	if err != nil {
		return err
	}
	template, err := sam.Load("template.yaml")
	if err != nil {
		return err
	}
	var routes []string
	for _, f := range template.Functions {
		for _, r := range f.Routes {
			routes = append(routes, r.String())
		}
	}
	faults := slices.DeleteFunc(fault.All(routes), func(f fault.Fault) bool { return !s.only.MatchString(f.Name) })
	if s.list {
		for _, f := range faults {
			fmt.Fprintln(out, f.Name)
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Fprintln(out, "starting the bundle")
	b := bundle.New(bundle.Options{
		Source: ".", Template: template, Dir: filepath.Join(dir, "data"), Fast: true,
		AdminID: adminID, AdminPassword: adminPassword,
		Env: []string{"LIMITS=off", "PASSWORD_ITERATIONS=10"}, Logf: func(string, ...any) {},
	})
	if err := b.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Stop()) }()
	return measure(ctx, out, s, b.URL, routes, faults)
}

// options returns those of the profile full.
func options(url string) check.Options {
	o := contract.Options()
	o.URL, o.Parallel, o.Admin = url, 6, &check.User{ID: adminID, Password: adminPassword}
	return o
}

// measure runs the kit without a fault, then with each, and prints the score.
func measure(
	ctx context.Context, out io.Writer, s settings, url string, routes []string, faults []fault.Fault,
) error {
	begun := time.Now()
	cases := contract.Cases()
	results, err := fault.Run(ctx, cases, options(url), routes)
	if err != nil {
		return err
	}
	if n := check.Failed(results); n > 0 {
		check.WriteText(out, results, time.Since(begun))
		return fmt.Errorf("%d cases fail without a fault", n)
	}
	fmt.Fprintf(out, "without a fault all %d cases pass, in %.0f s\n", len(results), time.Since(begun).Seconds())

	begun = time.Now()
	noticedBy := make([]string, len(faults))
	errs := make([]error, len(faults))
	var printing sync.Mutex
	turns := make(chan int)
	var workers sync.WaitGroup
	for range s.parallel {
		workers.Go(func() {
			for i := range turns {
				noticedBy[i], errs[i] = fault.Try(ctx, faults[i], cases, options(url), routes)
				printing.Lock()
				switch {
				case noticedBy[i] == "" && errs[i] == nil:
					fmt.Fprintf(out, "not noticed: %s\n", faults[i].Name)
				case s.verbose:
					fmt.Fprintf(out, "%s: noticed by %s\n", faults[i].Name, noticedBy[i])
				}
				printing.Unlock()
			}
		})
	}
	for i := range faults {
		turns <- i
		if i%50 == 49 {
			printing.Lock()
			fmt.Fprintf(out, "%d of %d faults, %.0f s\n", i+1, len(faults), time.Since(begun).Seconds())
			printing.Unlock()
		}
	}
	close(turns)
	workers.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	noticed := 0
	for _, by := range noticedBy {
		if by != "" {
			noticed++
		}
	}
	score := float64(noticed) / float64(len(faults)) * 100
	fmt.Fprintf(out, "%d of %d faults are noticed: %.1f %%, in %.0f s\n", noticed, len(faults), score,
		time.Since(begun).Seconds())
	if score < aim {
		return fmt.Errorf("the aim is %d %%", aim)
	}
	return nil
}
