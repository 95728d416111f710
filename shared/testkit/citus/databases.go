package citus

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver called pgx
)

// Servers are the URLs of the servers, for their superuser; the coordinator's is the first. Citus keeps what it knows
// in each database, and a database of the coordinator's needs one of the same name on each worker.
type Servers []string

// Each executes statements on each server, in a database of this name.
func (s Servers) Each(ctx context.Context, database string, statements ...string) error {
	for _, server := range s {
		if err := execute(ctx, server, database, statements...); err != nil {
			return err
		}
	}
	return nil
}

// Create creates a database with Citus, in which the coordinator knows its workers, for this owner.
func (s Servers) Create(ctx context.Context, database, owner string) error {
	err := s.Each(ctx, "postgres", "CREATE DATABASE "+quote(database)+" OWNER "+quote(owner))
	if err != nil {
		return err
	}
	if err := s.Each(ctx, database, "CREATE EXTENSION citus"); err != nil {
		return err
	}
	for i, server := range s {
		host, err := socket(server)
		if err != nil {
			return err
		}
		join := "SELECT citus_add_node('" + host + "', 5432)"
		if i == 0 {
			join = "SELECT citus_set_coordinator_host('" + host + "', 5432)"
		}
		if err := execute(ctx, s[0], database, join); err != nil {
			return err
		}
	}
	return nil
}

// Freeze lets nothing connect to a database any more, so that Copy can copy it.
func (s Servers) Freeze(ctx context.Context, database string) error {
	return s.Each(ctx, "postgres", "ALTER DATABASE "+quote(database)+" ALLOW_CONNECTIONS false",
		"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '"+database+"'")
}

// Copy creates a database as a copy of one that Freeze has frozen, with its distributed tables.
func (s Servers) Copy(ctx context.Context, database, template, owner string) error {
	return s.Each(ctx, "postgres",
		"CREATE DATABASE "+quote(database)+" TEMPLATE "+quote(template)+" OWNER "+quote(owner))
}

// Drop drops a database, and ends its connections.
func (s Servers) Drop(ctx context.Context, database string) (err error) {
	for _, server := range s {
		err = errors.Join(err, execute(ctx, server, "postgres",
			"DROP DATABASE IF EXISTS "+quote(database)+" WITH (FORCE)"))
	}
	return err
}

// URL returns the URL of a database on a server, for this user.
func URL(server, database, user string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	u.Path, u.User = "/"+database, url.User(user)
	return u.String(), nil
}

func execute(ctx context.Context, server, database string, statements ...string) error {
	address, err := URL(server, database, "postgres")
	if err != nil {
		return err
	}
	db, err := sql.Open("pgx", address)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s on %s: %w", statement, address, err)
		}
	}
	return nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
