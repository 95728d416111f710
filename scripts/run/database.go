package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"minifb/shared/ops/postgres"
)

// databaseTimeout is how long the PostgreSQL of DATABASE_URL may take to accept a connection.
const databaseTimeout = 5 * time.Second

// prepareDatabase waits for the PostgreSQL of DATABASE_URL. Without one, the bundle will run the
// PostgreSQL that scripts/compile has installed.
func prepareDatabase(ctx context.Context, s settings) error {
	if s.databaseURL != "" {
		return ping(ctx, s.ownerURL)
	}
	_, err := postgres.Find()
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
