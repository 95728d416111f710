package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
)

// Ping waits until the server of the URL accepts a connection, and returns an error if it does not within this time.
// The error says why, and never contains the URL's password.
func Ping(ctx context.Context, url string, within time.Duration) error {
	config, err := parseURL(url)
	if err != nil {
		return err
	}
	config.ConnectTimeout = time.Second
	db := sql.OpenDB(stdlib.GetConnector(*config))
	defer db.Close()
	for deadline := time.Now().Add(within); ; time.Sleep(200 * time.Millisecond) {
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
			return fmt.Errorf("cannot connect to %s:%d: %s", config.Host, config.Port, reason)
		}
	}
}

// Connected returns which programs are connected to the database by Open, such as "post" for the function post.
func Connected(ctx context.Context, url string) (programs []string, err error) {
	config, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(stdlib.GetConnector(*config))
	defer db.Close()
	rows, err := db.QueryContext(ctx, `SELECT DISTINCT substr(application_name, 8) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name LIKE 'minifb %' ORDER BY 1`)
	if err != nil {
		return nil, fmt.Errorf("look for programs that use the database: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var program string
		if err := rows.Scan(&program); err != nil {
			return nil, fmt.Errorf("look for programs that use the database: %w", err)
		}
		programs = append(programs, program)
	}
	return programs, rows.Err()
}
