package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"minifb/shared/ops/bundle"
	"minifb/shared/ops/host"
	"minifb/shared/ops/postgres"
	"minifb/shared/token"
)

// A bench is the data, and the functions on it.
type bench struct {
	settings
	dir         string // for files of this run
	output      io.Writer
	database    *database
	bundle      *bundle.Bundle
	pgbenchPath string
	viewers     []token.Claims
	signed      time.Time // when the file of their tokens was written
	seed        int       // of the last load's random values
	sent        int64     // requests of all loads
}

// run measures all rows, and prints the table. It returns the rows that are invalid and the counters that are wrong.
func (s settings) run(ctx context.Context, dir string, output io.Writer) (broken []string, err error) {
	b, err := s.open(ctx, dir, output)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	result, err := b.describe(ctx)
	if err != nil {
		return nil, err
	}
	for i, r := range s.rows {
		if s.rows[i].ceilings, err = b.prepare(ctx, r); err != nil {
			return nil, fmt.Errorf("%s: %w", r.name, err)
		}
	}
	b.explain()
	measured := make([][]round, len(s.rows))
	begun := time.Now()
	for n := range s.rounds {
		for i, r := range s.rows {
			m, err := b.round(ctx, r)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.name, err)
			}
			measured[i] = append(measured[i], m)
			fmt.Fprintf(output, "%4.0f s  round %d of %d, %s: %s\n",
				time.Since(begun).Seconds(), n+1, s.rounds, r.name, m.summary(r))
		}
	}
	for i, r := range s.rows {
		result.Rows = append(result.Rows, summarize(r, measured[i]))
	}
	if broken, err = b.verify(ctx); err != nil {
		return nil, err
	}
	broken = append(result.invalid(), broken...)
	result.print(output)
	for _, what := range broken {
		fmt.Fprintf(output, "INVALID: %s\n", what)
	}
	path, err := result.write(s.results)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(output, "\n%s\nTo compare with a later run: make bench-compare A=%s B=…\n", path, path)
	return broken, nil
}

// open starts PostgreSQL with the data, a host with the functions that the rows need, and nginx in front of it. The
// functions do not run until they are measured.
func (s settings) open(ctx context.Context, dir string, output io.Writer) (b *bench, err error) {
	b = &bench{settings: s, dir: dir, output: output}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	for _, program := range []string{"postgresql", "nginx", "wrk"} {
		install := exec.Command(filepath.Join(s.root, "scripts", "install"), program)
		if _, err := runProgram(ctx, install); err != nil {
			return b, err
		}
	}
	if b.database, err = s.openDatabase(ctx, output); err != nil {
		return b, err
	}
	if b.pgbenchPath, err = b.database.findPgbench(); err != nil {
		return b, err
	}
	if b.viewers, err = b.database.viewers(ctx); err != nil {
		return b, err
	}
	functionsURL, err := postgres.FunctionsURL(b.database.url)
	if err != nil {
		return b, err
	}
	fmt.Fprintln(output, "Building the functions as for a release.")
	started := bundle.New(bundle.Options{
		Source: s.root, Dir: filepath.Join(dir, "host"), Areas: s.areas(), Host: true, StartTimeout: host.StartTimeout,
		DatabaseURL: functionsURL, OwnerURL: b.database.url,
		Env:      []string{"LIMITS=off", fmt.Sprint("PASSWORD_ITERATIONS=", s.iterations)},
		Binaries: s.binaries,
		Logf:     func(format string, args ...any) { fmt.Fprintf(output, "  "+format+"\n", args...) },
	})
	if err := started.Start(ctx); err != nil {
		return b, err
	}
	b.bundle = started
	for _, u := range started.Functions {
		u.Stop(stopTimeout)
	}
	return b, os.WriteFile(filepath.Join(dir, "load.lua"), []byte(loadScript), 0o600)
}

func (b *bench) close() error {
	var errs []error
	if b.bundle != nil {
		errs = append(errs, b.bundle.Stop())
	}
	if b.database != nil {
		errs = append(errs, b.database.close())
	}
	return errors.Join(errs...)
}

// areas returns the areas of the rows.
func (s settings) areas() (areas []string) {
	for _, r := range s.rows {
		if !slices.Contains(areas, r.area) {
			areas = append(areas, r.area)
		}
	}
	return areas
}

// prepare returns the row's ceilings, with the store's own statement in the one that is made of it.
func (b *bench) prepare(ctx context.Context, r row) (ceilings []ceiling, err error) {
	for _, c := range r.ceilings {
		if c.own {
			if c.sql, err = b.ownReaction(ctx, c.sql); err != nil {
				return nil, err
			}
		}
		ceilings = append(ceilings, c)
	}
	return ceilings, nil
}

// explain says what the rows and their ceilings are.
func (b *bench) explain() {
	for _, r := range b.rows {
		fmt.Fprintf(b.output, "%-14s %s, %d clients\n", r.name, r.what, r.clients)
		for _, c := range r.ceilings {
			fmt.Fprintf(b.output, "%-14s   %s: %s\n", "", c.name, c.what)
		}
	}
}

// A measurement is what one load gives. Times are milliseconds, and processor times microseconds for each request.
type measurement struct {
	PerSecond   float64 `json:"per_second"`
	P50         float64 `json:"p50_ms,omitempty"`
	P99         float64 `json:"p99_ms,omitempty"`
	FunctionCPU float64 `json:"function_cpu_us,omitempty"`
	PostgresCPU float64 `json:"postgres_cpu_us"`
	Memory      float64 `json:"memory_mib,omitempty"` // of the function, after the load
	Invalid     string  `json:"invalid,omitempty"`
}

// A round has the measurements of a row, which were made one after the other.
type round struct {
	ceilings      []measurement
	direct, nginx measurement
}

// round measures the row's ceilings and its function, directly and through nginx. Each is warmed first.
func (b *bench) round(ctx context.Context, r row) (m round, err error) {
	for _, c := range r.ceilings {
		one, err := b.ceiling(ctx, r, c)
		if err != nil {
			return m, fmt.Errorf("the ceiling %s: %w", c.name, err)
		}
		m.ceilings = append(m.ceilings, one)
	}
	started, err := b.startDirect(ctx, r.area, b.bundle.Binary(r.area))
	if err != nil {
		return m, err
	}
	m.direct, err = b.measure(ctx, r, started)
	started.stop()
	if err != nil || r.direct {
		return m, err
	}
	if started, err = b.startBehindNginx(ctx, r.area); err != nil {
		return m, err
	}
	m.nginx, err = b.measure(ctx, r, started)
	started.stop()
	return m, err
}

func (b *bench) ceiling(ctx context.Context, r row, c ceiling) (m measurement, err error) {
	if c.sql == "" {
		return b.hashes(ctx, b.duration)
	}
	var connecting time.Duration
	if b.warmUp > 0 {
		if connecting, err = b.warmPgbench(ctx, c, r.clients); err != nil {
			return m, err
		}
	}
	return b.pgbench(ctx, c, r.clients, connecting)
}

// measure sends the row's requests to a function. It is invalid if a request failed.
func (b *bench) measure(ctx context.Context, r row, to *served) (m measurement, err error) {
	if m.Invalid = b.try(ctx, r, to.url); m.Invalid != "" {
		return m, nil
	}
	if err := b.warm(ctx, r, to.url); err != nil {
		return m, err
	}
	before, err := b.used(to)
	if err != nil {
		return m, err
	}
	sent, err := b.load(ctx, r, to.url, b.duration)
	if err != nil {
		return m, err
	}
	after, err := b.used(to)
	if err != nil {
		return m, err
	}
	m = measurement{
		PerSecond: float64(sent.Requests) / (float64(sent.Duration) / 1e6),
		P50:       float64(sent.P50) / 1000, P99: float64(sent.P99) / 1000,
		FunctionCPU: perRequest(after.function-before.function, sent.Requests),
		PostgresCPU: perRequest(after.postgres-before.postgres, sent.Requests), Invalid: sent.invalid(),
	}
	m.Memory, err = memoryOf(to.pid)
	return m, err
}

// A used is how much processor time was used until some time.
type used struct{ function, postgres time.Duration }

func (b *bench) used(to *served) (u used, err error) {
	if u.function, err = cpuOf(fmt.Sprint(to.pid), false); err == nil {
		u.postgres, err = b.database.cpu()
	}
	return u, err
}
