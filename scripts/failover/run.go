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
	"minifb/shared/ops/postgres"
	"minifb/shared/testkit/client"
	"minifb/shared/testkit/trial"
)

// maxOutage is the promise: how long after the time of the promotion writes may still fail.
const maxOutage = 5 * time.Second

// areas are the functions that the load calls.
var areas = []string{"post", "timeline", "account"}

const prefix = "failover"

// run kills the primary under load in an empty folder, and returns the promises that were broken. The error says why
// that could not be done.
func (s settings) run(ctx context.Context, dir string, output io.Writer) (broken []string, err error) {
	standby := "a synchronous standby"
	if !s.sync {
		standby = "an asynchronous standby"
	}
	fmt.Fprintf(output, "Building the functions, and starting them with a primary and %s.\n", standby)
	p, err := startPair(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop(ctx)) }()
	if s.sync {
		if err := p.synchronize(ctx); err != nil {
			return nil, err
		}
	}
	functions, err := postgres.FunctionsURL(p.url())
	if err != nil {
		return nil, err
	}
	b := bundle.New(bundle.Options{
		Source: s.root, Dir: filepath.Join(dir, "host"), Areas: areas, Binaries: s.programs,
		Env: []string{"LIMITS=off"}, DatabaseURL: functions, OwnerURL: p.url(),
		Host: !s.gateway, StartTimeout: host.StartTimeout,
		Logf: func(format string, args ...any) { fmt.Fprintf(output, "  "+format+"\n", args...) },
	})
	if err := b.Start(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.Stop()) }()
	o, err := s.suffer(ctx, p, b, output)
	if err != nil {
		return nil, err
	}
	return o.summarize(output), nil
}

// suffer sends the load before, during and after the failover, and returns what happened.
func (s settings) suffer(ctx context.Context, p *pair, b *bundle.Bundle, output io.Writer) (*outcome, error) {
	claims, err := b.SignIn(ctx, "failover.1")
	if err != nil {
		return nil, err
	}
	c := client.New(b.URL, 512)
	defer c.Close()
	record := trial.NewRecord(c)
	load := trial.Load{Signer: b.Signer, Claims: claims, Rate: s.rate, Prefix: prefix, Send: record.Send}
	o := &outcome{settings: s}
	err = load.During(ctx, func() error {
		trial.Pause(ctx, s.calm)
		if err := s.failover(ctx, p, record, o); err != nil {
			return err
		}
		fmt.Fprintf(output, "The primary was killed, and the standby promoted %.1f s later, which took %.1f s.\n",
			o.promoting.Sub(o.killed).Seconds(), o.promoted.Sub(o.promoting).Seconds())
		s.awaitHealthy(ctx, record, o.promoting)
		return nil
	})
	if err != nil {
		return nil, err
	}
	o.requests = record.Requests()
	stored, err := trial.Stored(ctx, p.standby.URL(databaseName), prefix+".")
	if err != nil {
		return nil, err
	}
	o.writes = record.Compare(stored)
	return o, nil
}

// failover kills the primary. Then it is the supervisor: it notices that the primary is gone, and promotes the standby
// after the time of the settings.
func (s settings) failover(ctx context.Context, p *pair, record *trial.Record, o *outcome) error {
	if !s.sync {
		if err := p.cut(ctx); err != nil {
			return err
		}
		s.awaitUnsent(ctx, record)
	}
	o.killed = time.Now()
	if err := p.primary.Crash(); err != nil {
		return err
	}
	<-p.primary.Done()
	trial.Pause(ctx, s.promote-time.Since(o.killed))
	o.promoting = time.Now()
	if err := p.promote(ctx); err != nil {
		return err
	}
	o.promoted = time.Now()
	return nil
}

// awaitUnsent waits for the time between the cut and the kill, and until a write was acknowledged in it.
func (s settings) awaitUnsent(ctx context.Context, record *trial.Record) {
	cut := time.Now()
	trial.Pause(ctx, s.cut)
	for ctx.Err() == nil && !slices.ContainsFunc(record.Requests(), func(r trial.Ended) bool {
		return isAcknowledged(r) && r.Begun.After(cut)
	}) {
		trial.Pause(ctx, 10*time.Millisecond)
	}
}

// awaitHealthy returns when a full second has passed without a failed request, but not before settings.after, and in
// any case after twice the promised time.
func (s settings) awaitHealthy(ctx context.Context, record *trial.Record, promoting time.Time) {
	trial.Pause(ctx, s.after)
	for ctx.Err() == nil && time.Since(promoting) < 2*maxOutage {
		if _, healthy := trial.Recovery(record.Requests(), promoting); healthy {
			return
		}
		trial.Pause(ctx, 100*time.Millisecond)
	}
}
