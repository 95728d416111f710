package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"minifb/shared/stat"
)

const (
	responseTime = 2 * time.Second // of the time limit, left for the response
	batchTime    = 5 * time.Second // for each kind of row, and for the log of refused requests
	batchSize    = 1000            // rows in one transaction
)

// maintain runs every step, the mails beside the others. A step that fails does not keep the others
// from running. A step that runs out of time has not failed: the next call goes on with it.
func (v views) maintain(ctx context.Context) (map[string]int64, error) {
	deadline, _ := ctx.Deadline() // every request has one
	ctx, cancel := context.WithDeadline(ctx, deadline.Add(-responseTime))
	defer cancel()
	go func() {
		select {
		case <-v.stopping:
			cancel()
		case <-ctx.Done():
		}
	}()

	var mails outcome
	var background sync.WaitGroup
	background.Go(func() { v.sendMails(ctx, &mails) })
	var rest outcome
	rest.add("counted_refusals", func() (int64, error) {
		ctx, cancel := context.WithTimeout(ctx, batchTime)
		defer cancel()
		n, err := stat.StoreRefused(ctx, v.store, v.refused)
		return n, unlessOver(ctx, err)
	})
	for _, b := range v.batches() {
		rest.add(b.what, func() (int64, error) { return repeat(ctx, b) })
	}
	rest.add("swept_accounts", func() (int64, error) { return v.sweep(ctx) })
	background.Wait()

	maps.Copy(rest.done, mails.done)
	return rest.done, errors.Join(mails.failed, rest.failed)
}

// An outcome is what steps have done, and the errors of those that failed.
type outcome struct {
	done   map[string]int64
	failed error
}

func (o *outcome) add(what string, step func() (int64, error)) {
	n, err := step()
	if o.done == nil {
		o.done = map[string]int64{}
	}
	o.done[what] += n
	if err != nil {
		o.failed = errors.Join(o.failed, fmt.Errorf("%s: %w", what, err))
	}
}

// A batched step deletes or moves at most size rows, and returns how many.
type batched struct {
	what string
	run  func(ctx context.Context, size int) (rows int64, err error)
}

func (v views) batches() []batched {
	return []batched{
		{"folded_requests", v.store.FoldRequests},
		{"folded_totals", v.store.FoldTotals},
		{"pruned_requests", v.store.PruneRequests},
		{"pruned_request_writers", v.store.PruneRequestWriters},
		{"pruned_revoked_sessions", v.store.PruneRevokedSessions},
		{"pruned_sessions", v.store.PruneSessions},
		{"pruned_refresh_tokens", v.store.PruneRefreshTokens},
		{"pruned_temporary_passwords", v.store.PruneTemporaryPasswords},
		{"pruned_temporary_password_requests", v.store.PruneTemporaryPasswordRequests},
		{"pruned_idempotency_keys", v.store.PruneIdempotencyKeys},
		{"pruned_rate_limits", v.store.PruneLimits},
	}
}

// repeat runs a step until there are no rows left or its time is over.
func repeat(ctx context.Context, b batched) (total int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, batchTime)
	defer cancel()
	for {
		rows, err := b.run(ctx, batchSize)
		total += rows
		if err != nil || rows < batchSize {
			return total, unlessOver(ctx, err)
		}
	}
}

// sweep deletes rows of deleted accounts for as long as it may, and returns how many accounts are
// complete.
func (v views) sweep(ctx context.Context) (int64, error) {
	before, err := v.store.DeletedAccounts(ctx)
	if err != nil || before == 0 {
		return 0, unlessOver(ctx, err)
	}
	err = unlessOver(ctx, v.store.Sweep(ctx))
	// The time for the response is left for this.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), responseTime)
	defer cancel()
	after, countErr := v.store.DeletedAccounts(ctx)
	if err = errors.Join(err, countErr); err != nil {
		return 0, err
	}
	return max(0, before-after), nil
}

// unlessOver returns err, or nil if the step's time is over: the error is then a consequence.
func unlessOver(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the next call goes on
	}
	return err
}
