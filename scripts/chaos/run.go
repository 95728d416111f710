package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"minifb/shared/ops/bundle"
	"minifb/shared/ops/host"
	"minifb/shared/testkit/client"
	"minifb/shared/testkit/trial"
	"minifb/shared/token"
)

// maxRecovery is the promise: how long after the end of a fault some request may still fail.
const maxRecovery = 5 * time.Second

// areas are the functions that the load calls.
var areas = []string{"post", "timeline", "account"}

// A chaos is a host, its database, and the load.
type chaos struct {
	settings
	db     *database
	bundle *bundle.Bundle
	client *client.Client
	claims token.Claims  // of a signed-in user
	load   *trial.Record // during the fault under way
}

// run breaks one thing after the other in an empty folder, and returns the promises that were broken. The error says
// why that could not be done.
func (s settings) run(ctx context.Context, dir string, output io.Writer) (broken []string, err error) {
	c := &chaos{settings: s}
	fmt.Fprintln(output, "Building the functions, and starting them with a PostgreSQL of their own.")
	if c.db, err = startDatabase(ctx, filepath.Join(dir, "db")); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.db.stop()) }()
	// Not more WAL than the small disk has room for.
	if err := c.db.exec(ctx, "ALTER SYSTEM SET max_wal_size = '128MB'", "SELECT pg_reload_conf()"); err != nil {
		return nil, err
	}
	c.bundle = bundle.New(bundle.Options{
		Source: s.root, Dir: filepath.Join(dir, "host"), Areas: areas, Binaries: s.programs,
		Env:         []string{"LIMITS=off"},
		DatabaseURL: c.db.proxy.FunctionsURL, OwnerURL: c.db.cluster.URL(databaseName),
		Host: !s.gateway, StartTimeout: host.StartTimeout,
		Logf: func(format string, args ...any) { fmt.Fprintf(output, "  "+format+"\n", args...) },
	})
	if err := c.bundle.Start(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.bundle.Stop()) }()
	if c.claims, err = c.bundle.SignIn(ctx, "chaos.1"); err != nil {
		return nil, err
	}
	c.client = client.New(c.bundle.URL, 512)
	defer c.client.Close()

	var outcomes []*outcome
	for _, f := range faults {
		if !slices.Contains(s.faults, f.name) {
			continue
		}
		if f.missing != nil {
			if why := f.missing(c); why != "" {
				fmt.Fprintf(output, "%s: left out, %s\n", f.title, why)
				continue
			}
		}
		o, err := c.suffer(ctx, f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.title, err)
		}
		fmt.Fprintf(output, "%s: %s\n", f.title, o.summary())
		outcomes = append(outcomes, o)
	}
	return summarize(output, outcomes), nil
}

// suffer sends the load before, during and after a fault, and returns what happened.
func (c *chaos) suffer(ctx context.Context, f fault) (*outcome, error) {
	if f.prepare != nil {
		if err := f.prepare(c, ctx); err != nil {
			return nil, err
		}
	}
	lasts := c.lasts
	if lasts == 0 {
		lasts = f.lasts
	}
	c.load = trial.NewRecord(c.client)
	steady := trial.Load{
		Signer: c.bundle.Signer, Claims: c.claims, Rate: c.rate, Prefix: f.name, Send: c.load.Send,
	}
	o := &outcome{fault: f}
	err := steady.During(ctx, func() error {
		trial.Pause(ctx, c.calm)
		o.began = time.Now()
		err := f.do(c, ctx, lasts)
		o.ended = time.Now()
		if err == nil {
			c.awaitHealthy(ctx, o)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	o.requests = c.load.Requests()
	stored, err := trial.Stored(ctx, c.db.cluster.URL(databaseName), f.name+".")
	if err != nil {
		return nil, err
	}
	o.writes = c.load.Compare(stored)
	return o, nil
}

// awaitHealthy returns when a full second has passed without a failed request, but not before settings.after, and in
// any case after twice the promised time.
func (c *chaos) awaitHealthy(ctx context.Context, o *outcome) {
	trial.Pause(ctx, c.after)
	for ctx.Err() == nil && time.Since(o.ended) < 2*maxRecovery {
		o.requests = c.load.Requests()
		if _, healthy := o.recovery(); healthy {
			return
		}
		trial.Pause(ctx, 100*time.Millisecond)
	}
}
