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
	"minifb/shared/ops/process"
)

// databaseTimeout is how long the PostgreSQL of DATABASE_URL may take to accept a connection.
const databaseTimeout = 5 * time.Second

// prepareDatabase waits for the PostgreSQL of DATABASE_URL. Without one it makes sure that
// PostgreSQL is installed, for the bundle to run.
func prepareDatabase(ctx context.Context, s settings, out *screen) error {
	if s.databaseURL != "" {
		return ping(ctx, s.databaseURL)
	}
	_, err := postgres.Find()
	if errors.Is(err, postgres.ErrNoPostgres) {
		out.printf("installing PostgreSQL")
		return install(ctx, "postgresql")
	}
	return err
}

// ping waits until the server accepts a connection. Its errors never contain the URL's password.
func ping(ctx context.Context, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return errMalformedURL
	}
	config.ConnectTimeout = time.Second
	db := sql.OpenDB(stdlib.GetConnector(*config))
	defer db.Close()
	for deadline := time.Now().Add(databaseTimeout); ; time.Sleep(200 * time.Millisecond) {
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
			return fmt.Errorf("DATABASE_URL: cannot connect to %s:%d: %s", config.Host, config.Port, reason)
		}
	}
}

// install runs scripts/install until it exits or ctx ends.
func install(ctx context.Context, what string) error {
	cmd := exec.Command("scripts/install", what)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := process.Start(cmd, syscall.SIGTERM); err != nil {
		return fmt.Errorf("install %s: %w", what, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) })
	defer stop()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s is not installed, and scripts/install failed: %w", what, err)
	}
	return nil
}
