package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"minifb/shared/ops/process"
)

// orphanTimeout is how long PostgreSQL may execute what a killed function sent.
const orphanTimeout = 30 * time.Second

// killAll kills all functions at once, as often as the settings say, spread evenly over the
// operations.
func (s *stress) killAll(ctx context.Context) error {
	total := s.kills
	for i := range total {
		at := int64(s.operations) * int64(i+1) / int64(total+1)
		for s.finished.Load() < at {
			select {
			case <-ctx.Done():
				return nil // runWorkers reports it
			case <-time.After(5 * time.Millisecond):
			}
		}
		s.killCounts.begun.Add(1)
		if err := s.kill(ctx); err != nil && ctx.Err() == nil {
			return fmt.Errorf("kill %d: %w", i+1, err)
		}
		s.killCounts.settled.Store(s.killCounts.begun.Load())
	}
	return nil
}

// kill kills all functions. It returns when they are ready again and PostgreSQL has finished what
// the killed processes sent.
func (s *stress) kill(ctx context.Context) error {
	died := make([]time.Time, len(s.bundle.Functions))
	var group sync.WaitGroup
	for i, f := range s.bundle.Functions {
		group.Go(func() { died[i] = f.Crash() })
	}
	group.Wait()
	if err := s.bundle.AwaitReady(ctx); err != nil {
		return err
	}
	for i, f := range s.bundle.Functions {
		if err := s.awaitOrphans(ctx, f, died[i]); err != nil {
			return err
		}
	}
	return nil
}

// awaitOrphans waits until PostgreSQL has closed all connections of the function's killed process. A PgBouncer keeps
// them open: one that is idle a second after the kill, or has been used since, executes nothing of the process's.
func (s *stress) awaitOrphans(ctx context.Context, f *process.Unit, died time.Time) error {
	const query = `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = $1 AND backend_start < $2 AND NOT ($3 AND
			(query_start > $2 OR state = 'idle' AND clock_timestamp() > $2::timestamptz + interval '1 second'))`
	pooled := s.database.Functions != "" // perhaps
	for deadline := time.Now().Add(orphanTimeout); ; {
		var n int
		err := s.db.QueryRowContext(ctx, query, "minifb "+f.Name, died.Add(s.skew), pooled).Scan(&n)
		if err != nil {
			return fmt.Errorf("count the connections of killed functions: %w", err)
		}
		if n == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s after the function %s was killed, it still has %d connections to PostgreSQL",
				orphanTimeout, f.Name, n)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
