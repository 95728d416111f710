package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"minifb/shared/ops/bundle"
	"minifb/shared/testkit/client"
	"minifb/shared/testkit/trial"
)

const (
	rate      = 50 // requests a second
	calm      = 5 * time.Second
	absent    = 10 * time.Second // how long the worker is gone
	maxOutage = 10 * time.Second // how long after its return requests may fail
	prefix    = "worker"
)

// loseWorker kills a worker under load and starts it again. Requests fail meanwhile, as the contract wants it; no
// acknowledged write may be lost or stored twice.
func (r *runner) loseWorker(ctx context.Context) (broken []string, err error) {
	owner, functions, err := r.distributed(ctx, "worker", noRows)
	if err != nil {
		return nil, err
	}
	b := r.bundle("worker", owner, functions, "post", "timeline", "account")
	if err := b.Start(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.Stop()) }()
	claims, err := b.SignIn(ctx, "worker.1")
	if err != nil {
		return nil, err
	}
	c := client.New(b.URL, 512)
	defer c.Close()
	record := trial.NewRecord(c)
	load := trial.Load{Signer: b.Signer, Claims: claims, Rate: rate, Prefix: prefix, Send: record.Send}
	var killed, back time.Time
	err = load.During(ctx, func() error {
		trial.Pause(ctx, calm)
		killed = time.Now()
		if err := r.cluster.Crash(workers); err != nil {
			return err
		}
		trial.Pause(ctx, absent)
		if err := r.cluster.Restart(ctx, workers); err != nil {
			return err
		}
		back = time.Now()
		trial.Pause(ctx, 2*maxOutage)
		return nil
	})
	if err != nil {
		return nil, err
	}
	stored, err := trial.Stored(ctx, owner, prefix+".")
	if err != nil {
		return nil, err
	}
	return r.judge(record.Requests(), record.Compare(stored), killed, back), nil
}

// bundle returns a bundle of these functions on a database, which needs no migration.
func (r *runner) bundle(name, owner, functions string, areas ...string) *bundle.Bundle {
	return bundle.New(bundle.Options{
		Source: ".", Dir: filepath.Join(r.dir, name), Areas: areas, Binaries: r.programs, Env: []string{"LIMITS=off"},
		DatabaseURL: functions, OwnerURL: owner,
		Logf: func(format string, args ...any) { r.say("  "+format, args...) },
	})
}

// judge prints how the requests ended, and returns the promises that were broken.
func (r *runner) judge(requests []trial.Ended, writes trial.Writes, killed, back time.Time) (broken []string) {
	n := trial.Count(requests)
	r.say("requests %d, of which 503: %d, 504: %d, other errors: %d, without response: %d; the longest took %.1f s",
		n.Requests, n.Unavailable, n.Late, n.Other, n.None, trial.Longest(requests).Seconds())
	r.say("acknowledged writes %d, lost %d, doubled %d", writes.Acknowledged, writes.Lost, writes.Doubled)
	broken = append(writes.Broken(), trial.Wrong(requests)...)
	took, healthy := trial.Recovery(requests, back)
	r.say("the worker was gone for %.1f s; requests failed until %.1f s after its return",
		back.Sub(killed).Seconds(), took.Seconds())
	if !healthy || took > maxOutage {
		broken = append(broken, fmt.Sprintf("requests failed for more than %s after the worker's return", maxOutage))
	}
	if n.Unavailable+n.Late == 0 {
		broken = append(broken, "no request failed while the worker was gone, so it was not used")
	}
	for _, q := range requests {
		if q.Failed() && q.End().Before(killed) {
			broken = append(broken, fmt.Sprintf("a request failed before the kill with %d %s", q.Status, q.Wrong))
		}
	}
	return broken
}
