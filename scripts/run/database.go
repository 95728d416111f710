package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"minifb/shared/ops/postgres"
	"minifb/shared/ops/spawn"
	"minifb/shared/password"
	"minifb/shared/store"
)

const (
	databaseName = "minifb"
	databaseWait = 5 * time.Second // for the PostgreSQL of DATABASE_URL to answer
)

// A database is where the bundle keeps its data: a cluster of our own, or another's server.
type database struct {
	url     string
	cluster *postgres.Cluster // nil for another's
	cancel  context.CancelFunc
	watched chan struct{} // closed when our own is no longer watched over
	lost    chan error    // gets the error if our own cannot be started again
}

// openDatabase finds or starts it; did says which.
func openDatabase(ctx context.Context, s settings, out *screen) (d *database, did string, err error) {
	if s.databaseURL != "" {
		err := ping(ctx, s.databaseURL)
		return &database{url: s.databaseURL}, "yours answers", err
	}
	found, err := postgres.Find()
	if errors.Is(err, postgres.ErrNoPostgres) {
		out.say("installing PostgreSQL")
		if err := install(ctx, "postgresql"); err != nil {
			return nil, "", err
		}
		found, err = postgres.Find()
	}
	if err != nil {
		return nil, "", err
	}
	// Not ended by ctx: the functions go first.
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	release := context.AfterFunc(ctx, cancel) // but a start is given up
	o := postgres.Options{Dir: s.dataDir, Database: databaseName}
	c, err := postgres.Start(life, o)
	if err != nil {
		cancel()
		return nil, "", err
	}
	if !release() { // ctx ended just as the server got ready
		cancel()
		return nil, "", errors.Join(ctx.Err(), c.Stop())
	}
	d = &database{url: c.URL(databaseName), cluster: c, cancel: cancel, watched: make(chan struct{}), lost: make(chan error, 1)}
	go d.watch(life, c, o, out)
	return d, fmt.Sprintf("version %d runs", found[0].Major), nil
}

// watch starts our own server again if it ends unasked.
func (d *database) watch(ctx context.Context, c *postgres.Cluster, o postgres.Options, out *screen) {
	defer close(d.watched)
	for {
		<-c.Done()
		if ctx.Err() != nil {
			if err := c.Stop(); err != nil {
				out.say("%v", err)
			}
			return
		}
		begun := time.Now()
		var err error
		if c, err = postgres.Start(ctx, o); err != nil {
			if ctx.Err() == nil {
				d.lost <- fmt.Errorf("PostgreSQL ended and cannot be started again: %w", err)
			}
			return
		}
		out.say("PostgreSQL ended; it runs again after %.1f s", time.Since(begun).Seconds())
	}
}

// stop stops our own server and leaves another's alone.
func (d *database) stop() {
	if d.cluster == nil {
		return
	}
	d.cancel()
	<-d.watched
}

// ping waits a few seconds for the server. What it says never holds the URL, which holds a password.
func ping(ctx context.Context, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return errors.New("DATABASE_URL cannot be read; write it as postgres://user:password@host:5432/database")
	}
	where := fmt.Sprintf("%s:%d", config.Host, config.Port)
	config.ConnectTimeout = time.Second
	db := sql.OpenDB(stdlib.GetConnector(*config))
	defer db.Close()
	for deadline := time.Now().Add(databaseWait); ; {
		err := db.PingContext(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if time.Now().After(deadline) {
			lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
			reason := strings.TrimSpace(lines[len(lines)-1])
			if config.Password != "" {
				reason = strings.ReplaceAll(reason, config.Password, "…")
			}
			return fmt.Errorf("the PostgreSQL of DATABASE_URL, at %s, does not let us in: %s", where, reason)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func install(ctx context.Context, what string) error {
	cmd := exec.Command("scripts/install", what)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := spawn.Start(cmd, syscall.SIGTERM); err != nil {
		return fmt.Errorf("install %s: %w", what, err)
	}
	unhook := context.AfterFunc(ctx, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) })
	defer unhook()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("this machine has no %s, and scripts/install could not mend that", what)
	}
	return nil
}

func migrate(ctx context.Context, url string) (did string, err error) {
	steps, err := store.Migrate(ctx, url)
	if err != nil {
		return "", fmt.Errorf("the database's schema cannot be brought up to date: %w", err)
	}
	if len(steps) == 0 {
		return "nothing to do", nil
	}
	return count(len(steps), "step"), nil
}

func ensureAdmin(ctx context.Context, url string, s settings) error {
	hash, err := password.New(password.DefaultIterations).Hash(ctx, s.adminPassword)
	if err != nil {
		return fmt.Errorf("ADMIN_PASSWORD: %w", err)
	}
	st, err := store.Open(url, "run", 1)
	if err != nil {
		return err
	}
	defer st.Close()
	if err := st.EnsureAdmin(ctx, s.adminID, hash); err != nil {
		return fmt.Errorf("ADMIN_ID: %w", err)
	}
	return nil
}
