package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"minifb/shared/testkit/trial"
)

// A fault is something that breaks under load, and is repaired.
type fault struct {
	name  string
	title string
	lasts time.Duration
	// missing says what the machine lacks for this fault; empty: nothing. It may be nil.
	missing func(*chaos) string
	// prepare is called before the load; it may be nil.
	prepare func(*chaos, context.Context) error
	// do breaks something, waits as long as the fault lasts, and repairs it.
	do func(c *chaos, ctx context.Context, lasts time.Duration) error
	// interrupts: some requests must fail or wait for its end, or else the fault did not work.
	interrupts bool
	// reads: no read may fail.
	reads bool
}

const short = 10 * time.Second

var faults = []fault{
	{name: "killed", title: "PostgreSQL killed", lasts: short, do: (*chaos).killDatabase, interrupts: true},
	{name: "restarted", title: "PostgreSQL restarted", lasts: short, do: (*chaos).restartDatabase},
	{name: "frozen", title: "PostgreSQL frozen", lasts: short, do: (*chaos).freezeDatabase, interrupts: true},
	{
		name: "connections", title: "PostgreSQL out of connections", lasts: short, do: (*chaos).takeConnections,
		interrupts: true,
	},
	{
		name: "disk", title: "disk full", lasts: short, missing: noDisk, prepare: (*chaos).prepareDisk,
		do: (*chaos).fillDisk, interrupts: true, reads: true,
	},
	{name: "slow", title: "PostgreSQL slow", lasts: short, do: (*chaos).slowDown},
	{name: "function", title: "function frozen", lasts: time.Minute, do: (*chaos).freezeFunction, interrupts: true},
	{name: "clock", title: "PostgreSQL's clock stepping", lasts: short, missing: noClock, do: (*chaos).stepClock},
}

func faultNames() (names []string) {
	for _, f := range faults {
		names = append(names, f.name)
	}
	return names
}

// fromFirstFailure returns a function that reports whether a fault goes on which may begin late: its time begins when
// the first request fails.
func (c *chaos) fromFirstFailure(ctx context.Context, lasts time.Duration) func() bool {
	const patience = 30 * time.Second
	began, end := false, time.Now().Add(patience)
	return func() bool {
		if !began && slices.ContainsFunc(c.load.Requests(), trial.Ended.Failed) {
			began, end = true, time.Now().Add(lasts)
		}
		return ctx.Err() == nil && time.Now().Before(end)
	}
}

func (c *chaos) killDatabase(ctx context.Context, lasts time.Duration) error {
	if err := c.db.cluster.Crash(); err != nil {
		return err
	}
	trial.Pause(ctx, lasts)
	return c.db.start(ctx)
}

// restartDatabase requests a fast shutdown, which ends all sessions, and starts PostgreSQL again. It does so at least
// once.
func (c *chaos) restartDatabase(ctx context.Context, lasts time.Duration) error {
	const between = 2 * time.Second
	for end := time.Now().Add(lasts); ; trial.Pause(ctx, between) {
		if err := c.db.cluster.Stop(); err != nil {
			return err
		}
		if err := c.db.start(ctx); err != nil {
			return err
		}
		if time.Now().Add(between).After(end) {
			return nil
		}
	}
}

func (c *chaos) freezeDatabase(ctx context.Context, lasts time.Duration) error {
	err := c.db.signal(syscall.SIGSTOP)
	trial.Pause(ctx, lasts)
	return errors.Join(err, c.db.signal(syscall.SIGCONT))
}

// takeConnections takes all connections that PostgreSQL allows, and ends those of the functions. A function may be
// faster and have one again, so the time begins when the first request fails.
func (c *chaos) takeConnections(ctx context.Context, lasts time.Duration) error {
	const endOthers = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'minifb %'`
	var taken []*pgx.Conn
	defer func() {
		for _, conn := range taken {
			_ = conn.Close(context.WithoutCancel(ctx)) // PostgreSQL ends the session in any case
		}
	}()
	for goesOn := c.fromFirstFailure(ctx, lasts); goesOn(); {
		conn, err := pgx.Connect(ctx, c.db.cluster.URL(databaseName))
		switch {
		case err == nil:
			taken = append(taken, conn)
		case len(taken) == 0:
			return fmt.Errorf("take connections: %w", err)
		default:
			if _, err := taken[0].Exec(ctx, endOthers); err != nil {
				return fmt.Errorf("end the functions' connections: %w", err)
			}
			trial.Pause(ctx, time.Millisecond)
		}
	}
	return nil
}

func noDisk(c *chaos) string {
	if c.db.disk == "" {
		return "it needs root, who may mount a small disk"
	}
	return ""
}

// prepareDisk makes PostgreSQL reserve files for its WAL, as it has on a host that has run for some time. Without
// them it stops at the next 16 MB that it writes.
func (c *chaos) prepareDisk(ctx context.Context) error {
	const reserved = 6
	statements := []string{"CREATE TABLE IF NOT EXISTS filling (n int)"}
	for range reserved {
		statements = append(statements, "INSERT INTO filling VALUES (1)", "SELECT pg_switch_wal()")
	}
	return c.db.exec(ctx, append(statements, "DROP TABLE filling", "CHECKPOINT")...)
}

// fillDisk writes a file until the disk is full, and again whenever something has been freed. The time begins when the
// first request fails: tables may have some room left.
func (c *chaos) fillDisk(ctx context.Context, lasts time.Duration) error {
	path := filepath.Join(c.db.disk, "filling")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(f.Close(), os.Remove(path)) }() // the disk goes at the end of the run
	block := make([]byte, 1<<20)
	for goesOn := c.fromFirstFailure(ctx, lasts); goesOn(); {
		if _, err := f.Write(block); err == nil {
			continue
		} else if !errors.Is(err, syscall.ENOSPC) {
			return err
		}
		trial.Pause(ctx, 20*time.Millisecond)
	}
	return nil
}

func (c *chaos) slowDown(ctx context.Context, lasts time.Duration) error {
	const delay = 200 * time.Millisecond
	c.db.delay.Store(int64(delay))
	defer c.db.delay.Store(0)
	trial.Pause(ctx, lasts)
	return nil
}

// freezeFunction freezes the function that writes.
func (c *chaos) freezeFunction(ctx context.Context, lasts time.Duration) error {
	pid := c.bundle.Function("post").PID()
	if pid == 0 {
		return errors.New("the function post has no process")
	}
	err := syscall.Kill(pid, syscall.SIGSTOP)
	trial.Pause(ctx, lasts)
	return errors.Join(err, syscall.Kill(pid, syscall.SIGCONT))
}

func noClock(c *chaos) string {
	if c.db.clock == "" {
		return "it needs Debian's package faketime"
	}
	return ""
}

// stepClock lets PostgreSQL's clock step back and forward by an hour. The functions and the load keep the machine's.
func (c *chaos) stepClock(ctx context.Context, lasts time.Duration) error {
	const hour = 3600
	var errs []error
	for _, seconds := range []int{-hour, 0, hour, -hour, 0} {
		errs = append(errs, c.db.setClock(ctx, seconds))
		if seconds != 0 {
			trial.Pause(ctx, lasts/3)
		}
	}
	return errors.Join(errs...)
}
