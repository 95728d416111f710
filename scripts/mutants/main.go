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
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"minifb/scripts/conformance/check"
	"minifb/scripts/conformance/contract"
	"minifb/scripts/mutants/fault"
	"minifb/shared/ops/bundle"
	"minifb/shared/ops/sam"
	"minifb/shared/testkit/trial"
)

const (
	aim           = 98 // percent of the faults that are noticed
	adminID       = "root.1"
	adminPassword = "correct horse"
)

func main() {
	s, err := parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, "make mutants:", err)
		os.Exit(1)
	case s.list:
		for _, f := range s.faults {
			fmt.Fprintln(os.Stdout, f.Name)
		}
	default:
		os.Exit(trial.Main("mutants", s.run))
	}
}

type settings struct {
	template *sam.Template
	faults   []fault.Fault
	parallel int
	limit    time.Duration
	list     bool
	verbose  bool
}

func parse(args []string) (s settings, err error) {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	run := flags.String("run", "", "plant only the faults whose name matches this `REGEXP`")
	flags.IntVar(&s.parallel, "parallel", 3, "how many faults are planted at a time, each in a proxy of its own")
	flags.DurationVar(&s.limit, "limit", time.Hour, "stop after this `TIME`")
	flags.BoolVar(&s.list, "list", false, "list the faults, and plant none")
	flags.BoolVar(&s.verbose, "v", false, "print which case noticed each fault")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	only, err := regexp.Compile(*run)
	if err != nil {
		return s, fmt.Errorf("-run: %w", err)
	}
	if s.parallel < 1 {
		return s, errors.New("-parallel: must be at least 1")
	}
	if s.limit <= 0 {
		return s, errors.New("-limit: must be a time such as 10m")
	}
	if s.template, err = sam.Load("template.yaml"); err != nil {
		return s, err
	}
	s.faults = slices.DeleteFunc(fault.All(fault.Routes(s.template)), func(f fault.Fault) bool {
		return !only.MatchString(f.Name)
	})
	if len(s.faults) == 0 {
		return s, fmt.Errorf("-run: no fault matches %q; -list lists them", only)
	}
	return s, nil
}

// run starts a bundle in a folder, and plants the faults in front of it.
func (s settings) run(ctx context.Context, dir string, out io.Writer) (broken []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	fmt.Fprintln(out, "starting the bundle")
	b := bundle.New(bundle.Options{
		Source: ".", Template: s.template, Dir: filepath.Join(dir, "data"), Fast: true,
		AdminID: adminID, AdminPassword: adminPassword,
		Env: []string{"LIMITS=off", "PASSWORD_ITERATIONS=10"}, Logf: func(string, ...any) {},
	})
	if err := b.Start(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.Stop()) }()
	return s.measure(ctx, out, b.URL)
}

// options returns those of the profile full.
func options(url string) check.Options {
	o := contract.Options()
	o.URL, o.Parallel, o.Admin = url, 6, &check.User{ID: adminID, Password: adminPassword}
	return o
}

// measure runs the kit without a fault, then with each, and prints the score.
func (s settings) measure(ctx context.Context, out io.Writer, url string) (broken []string, err error) {
	begun := time.Now()
	routes := fault.Routes(s.template)
	results, err := fault.Run(ctx, contract.Cases(), options(url), routes)
	if err != nil {
		return nil, err
	}
	if n := check.Failed(results); n > 0 {
		check.WriteText(out, results, time.Since(begun))
		return nil, fmt.Errorf("%d cases fail without a fault", n)
	}
	fmt.Fprintf(out, "without a fault all %d cases pass, in %.0f s\n", len(results), time.Since(begun).Seconds())

	begun = time.Now()
	noticed, tried, err := s.plant(ctx, out, url, routes)
	score := 0.0
	if tried > 0 {
		score = float64(noticed) / float64(tried) * 100
	}
	fmt.Fprintf(out, "%d of %d faults are noticed: %.1f %%, in %.0f s\n", noticed, tried, score,
		time.Since(begun).Seconds())
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%d faults were not tried within %v", len(s.faults)-tried, s.limit)
	}
	if err == nil && score < aim {
		broken = []string{fmt.Sprintf("the aim is %d %%", aim)}
		fmt.Fprintln(out, broken[0])
	}
	return broken, err
}

// plant plants the faults, several at a time. It returns how many were noticed, and how many were tried before ctx
// ended.
func (s settings) plant(
	ctx context.Context, out io.Writer, url string, routes []string,
) (noticed, tried int, err error) {
	begun := time.Now()
	var mu sync.Mutex // guards the results and out
	turns := make(chan fault.Fault)
	var workers sync.WaitGroup
	for range s.parallel {
		workers.Go(func() {
			for f := range turns {
				by, failed := fault.Try(ctx, f, contract.Cases(), options(url), routes)
				mu.Lock()
				switch {
				case ctx.Err() != nil:
				case failed != nil:
					err = errors.Join(err, fmt.Errorf("%s: %w", f.Name, failed))
				case by == "":
					tried++
					fmt.Fprintf(out, "not noticed: %s\n", f.Name)
				default:
					tried++
					noticed++
					if s.verbose {
						fmt.Fprintf(out, "%s: noticed by %s\n", f.Name, by)
					}
				}
				if tried%50 == 0 && tried > 0 {
					fmt.Fprintf(out, "%d of %d faults, %.0f s\n", tried, len(s.faults), time.Since(begun).Seconds())
				}
				mu.Unlock()
			}
		})
	}
	for _, f := range s.faults {
		select {
		case turns <- f:
		case <-ctx.Done():
		}
	}
	close(turns)
	workers.Wait()
	return noticed, tried, err
}
