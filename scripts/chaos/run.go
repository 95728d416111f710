package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"minifb/shared/ops/bundle"
	"minifb/shared/ops/host"
	"minifb/shared/testkit/client"
)

const (
	// maxRecovery is the promise: how long after the end of a fault some request may still fail.
	maxRecovery = 5 * time.Second
	// patience is how long a write with an Idempotency-Key is repeated after the load has ended, and how long a full
	// disk may take to make a request fail.
	patience = 30 * time.Second
)

// areas are the functions that the load calls.
var areas = []string{"post", "timeline", "account"}

// A chaos is a host, its database, and the load.
type chaos struct {
	settings
	db     *database
	bundle *bundle.Bundle
	load   *load
}

// run breaks one thing after the other in an empty folder, and returns the promises that were broken. The error says
// why that could not be done.
func run(ctx context.Context, s settings, dir string, output io.Writer) (broken []string, err error) {
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
		Source: s.root, Dir: filepath.Join(dir, "host"), Areas: areas, Env: []string{"LIMITS=off"},
		DatabaseURL: c.db.functionsURL(), OwnerURL: c.db.cluster.URL(databaseName),
		Host: !s.gateway, StartTimeout: host.StartTimeout,
		Logf: func(format string, args ...any) { fmt.Fprintf(output, "  "+format+"\n", args...) },
	})
	if err := c.bundle.Start(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.bundle.Stop()) }()
	claims, err := c.bundle.SignIn(ctx, "chaos.1")
	if err != nil {
		return nil, err
	}
	c.load = &load{
		client: client.New(c.bundle.URL, 512), signer: c.bundle.Signer, claims: claims, rate: s.rate,
	}
	defer c.load.client.Close()

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
	c.load.begin(f.name)
	loading, stop := context.WithCancel(ctx)
	defer stop()
	sent := make(chan error, 1)
	go func() { sent <- c.load.run(loading, patience) }()
	pause(ctx, c.calm)
	o := &outcome{fault: f, began: time.Now()}
	err := f.do(c, ctx, lasts)
	o.ended = time.Now()
	if err == nil {
		c.awaitHealthy(ctx, o)
	}
	stop()
	if err := errors.Join(err, <-sent, ctx.Err()); err != nil {
		return nil, err
	}
	o.requests = c.load.sent()
	stored, err := c.stored(ctx, f.name)
	if err != nil {
		return nil, err
	}
	o.compare(c.load.writes, stored)
	return o, nil
}

// awaitHealthy returns when a full second has passed without a failed request, but not before settings.after, and in
// any case after twice the promised time.
func (c *chaos) awaitHealthy(ctx context.Context, o *outcome) {
	pause(ctx, c.after)
	for ctx.Err() == nil && time.Since(o.ended) < 2*maxRecovery {
		o.requests = c.load.sent()
		if _, healthy := o.recovery(); healthy {
			return
		}
		pause(ctx, 100*time.Millisecond)
	}
}

// stored returns how often the database has each post of a fault.
func (c *chaos) stored(ctx context.Context, fault string) (map[string]int, error) {
	db, err := c.db.open()
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, `SELECT split_part(content, ' ', 1), count(*) FROM posts
		WHERE starts_with(content, $1) GROUP BY 1`, fault+".")
	if err != nil {
		return nil, err
	}
	return scanCounts(rows)
}

func scanCounts(rows *sql.Rows) (map[string]int, error) {
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var word string
		var n int
		if err := rows.Scan(&word, &n); err != nil {
			return nil, err
		}
		counts[word] = n
	}
	return counts, rows.Err()
}
