package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver called pgx

	"minifb/shared/ops/postgres"
	"minifb/shared/testkit/trial"
)

const (
	databaseName = "minifb"
	slot         = "standby" // keeps the WAL on the primary that the standby has not received
)

// A pair is a primary and its standby.
type pair struct {
	options          postgres.Options // of the primary
	primary, standby *postgres.Cluster
}

// startPair starts a primary, and a standby that is a copy of it and receives its WAL.
func startPair(ctx context.Context, dir string) (p *pair, err error) {
	// PostgreSQL's user reaches the primary's socket below the folder of the run.
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // what is in it is private
		return nil, err
	}
	p = &pair{options: postgres.Options{Dir: filepath.Join(dir, "primary"), Database: databaseName}}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.stop(ctx))
		}
	}()
	life := context.WithoutCancel(ctx) // the functions must be stopped first
	if p.primary, err = postgres.Start(life, p.options); err != nil {
		return p, err
	}
	err = trial.Execute(ctx, p.primary.URL(databaseName), "SELECT pg_create_physical_replication_slot('"+slot+"')")
	if err != nil {
		return p, err
	}
	p.standby, err = postgres.Start(life, postgres.Options{
		Dir: filepath.Join(dir, "standby"), StandbyOf: p.primary, Settings: []string{"primary_slot_name=" + slot},
	})
	if err != nil {
		return p, err
	}
	return p, await(ctx, p.primary, "the standby receives the WAL",
		"SELECT count(*) = 1 FROM pg_stat_replication WHERE state = 'streaming'")
}

// url returns the URL of whichever of the two takes writes.
func (p *pair) url() string { return postgres.URL(databaseName, p.primary, p.standby) }

// synchronize lets each commit on the primary wait until the standby has it. The standby was copied before, so this
// setting is not its own after the promotion, when it has no standby to wait for.
func (p *pair) synchronize(ctx context.Context) error {
	err := trial.Execute(ctx, p.primary.URL(databaseName),
		"ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
	if err != nil {
		return err
	}
	return await(ctx, p.primary, "the standby is synchronous",
		"SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'")
}

// cut lets the standby receive nothing more.
func (p *pair) cut(ctx context.Context) error {
	err := trial.Execute(ctx, p.standby.URL(databaseName),
		"ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()")
	if err != nil {
		return err
	}
	return await(ctx, p.primary, "the standby receives nothing", "SELECT count(*) = 0 FROM pg_stat_replication")
}

// promote makes the standby take writes, and returns when it does.
func (p *pair) promote(ctx context.Context) error {
	const atMost = "60" // seconds
	return await(ctx, p.standby, "the standby is promoted", "SELECT pg_promote(true, "+atMost+")")
}

// stop stops both. A primary that was killed has left shared memory, so it is started again for that, alone.
func (p *pair) stop(ctx context.Context) (err error) {
	if p.standby != nil {
		err = p.standby.Stop()
	}
	if p.primary == nil {
		return err
	}
	select {
	case <-p.primary.Done():
		again, failed := postgres.Start(context.WithoutCancel(ctx), p.options)
		if failed != nil {
			return errors.Join(err, failed)
		}
		p.primary = again
	default:
	}
	return errors.Join(err, p.primary.Stop())
}

// await waits until a query returns true.
func await(ctx context.Context, c *postgres.Cluster, what, query string) error {
	const atMost = time.Minute
	db, err := sql.Open("pgx", c.URL(databaseName))
	if err != nil {
		return err
	}
	defer db.Close()
	for deadline := time.Now().Add(atMost); ; time.Sleep(5 * time.Millisecond) {
		var ok bool
		if err := db.QueryRowContext(ctx, query).Scan(&ok); err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
		if ok {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("after %s it is not true that %s", atMost, what)
		}
	}
}
