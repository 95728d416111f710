package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"minifb/shared/store"
)

// databaseTimeout is how long a PostgreSQL that runs elsewhere may take to accept a connection.
const databaseTimeout = 5 * time.Second

// ping waits until the server of a variable's URL accepts a connection. Its errors never contain
// the URL's password.
func ping(ctx context.Context, variable, url string) error {
	if err := checkURL(variable, url); err != nil {
		return err
	}
	config, err := pgx.ParseConfig(url)
	if err != nil { // checkURL would have refused it
		return fmt.Errorf("%s: %s", variable, store.URLForm)
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
			return fmt.Errorf("%s: cannot connect to %s:%d: %s", variable, config.Host, config.Port, reason)
		}
	}
}
