package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"minifb/shared/ops/supervise"
)

// orphanLife is how long PostgreSQL may take to finish what a dead function had asked for.
const orphanLife = 30 * time.Second

// killAll kills every function at once, as often as it was told to, spread evenly over the operations.
func (t *stress) killAll(ctx context.Context) error {
	for i := range t.kills {
		at := int64(t.operations) * int64(i+1) / int64(t.kills+1)
		for t.ended.Load() < at {
			select {
			case <-ctx.Done():
				return nil // walkAll says so
			case <-time.After(5 * time.Millisecond):
			}
		}
		t.clock.begun.Add(1)
		if err := t.kill(ctx); err != nil && ctx.Err() == nil {
			return fmt.Errorf("kill %d: %w", i+1, err)
		}
		t.clock.settled.Store(t.clock.begun.Load())
	}
	return nil
}

// kill returns when the functions are back, and nothing of the dead ones goes on in the database.
func (t *stress) kill(ctx context.Context) error {
	died := make([]time.Time, len(t.bundle.Functions))
	var group sync.WaitGroup
	for i, f := range t.bundle.Functions {
		group.Go(func() { died[i] = f.Crash() })
	}
	group.Wait()
	if err := t.bundle.AwaitReady(ctx); err != nil {
		return err
	}
	for i, f := range t.bundle.Functions {
		if err := t.awaitOrphans(ctx, f, died[i]); err != nil {
			return err
		}
	}
	return nil
}

// awaitOrphans waits until PostgreSQL has no session left of the function's dead process.
func (t *stress) awaitOrphans(ctx context.Context, f *supervise.Function, died time.Time) error {
	for deadline := time.Now().Add(orphanLife); ; {
		var n int
		err := t.db.QueryRowContext(ctx, `
			SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND backend_start < $2`, "minifb "+f.Area, died).Scan(&n)
		if err != nil {
			return fmt.Errorf("look for sessions of dead functions: %w", err)
		}
		if n == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s after the function %s was killed PostgreSQL still works for it", orphanLife, f.Area)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
