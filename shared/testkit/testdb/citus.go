package testdb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"os"
	"strings"
	"testing"

	"minifb/migrations"
	"minifb/shared/store"
	"minifb/shared/testkit/citus"
)

// CitusVariable is the environment variable with the URLs of servers with Citus, separated by spaces. With it, URL
// returns distributed databases. `make test-citus` sets it, and the URL of the first one as Variable.
const CitusVariable = "TEST_CITUS_SERVERS"

const (
	owner         = "minifb" // of the tests' databases
	citusTemplate = "minifb_template"
)

// PrepareCitus makes the distributed database that URL copies.
func PrepareCitus(ctx context.Context, servers citus.Servers) error {
	if err := servers.Each(ctx, "postgres", "CREATE ROLE "+owner+" LOGIN", migrations.Roles); err != nil {
		return err
	}
	if err := Distributed(ctx, servers, citusTemplate, func(string) error { return nil }); err != nil {
		return err
	}
	return servers.Freeze(ctx, citusTemplate)
}

// Distributed creates a database and distributes it. fill may write rows before, at the URL that it gets.
func Distributed(ctx context.Context, servers citus.Servers, name string, fill func(address string) error) error {
	if err := servers.Create(ctx, name, owner); err != nil {
		return err
	}
	address, err := citus.URL(servers[0], name, owner)
	if err != nil {
		return err
	}
	if _, err := store.Migrate(ctx, address); err != nil {
		return err
	}
	if err := fill(address); err != nil {
		return err
	}
	return store.Distribute(ctx, address, func(string) {})
}

// citusServers returns those of CitusVariable.
func citusServers() citus.Servers { return strings.Fields(os.Getenv(CitusVariable)) }

// OnCitus reports whether the databases of URL are distributed.
func OnCitus() bool { return len(citusServers()) > 0 }

// distributedURL is URL on Citus. The database is also dropped if the test fails.
func distributedURL(t testing.TB, servers citus.Servers) string {
	t.Helper()
	name := "testdb_" + strings.ToLower(rand.Text())
	// The test's context ends before its cleanup.
	ctx := context.Background()
	t.Cleanup(func() {
		if err := drop(ctx, servers, name); err != nil {
			t.Error(err)
		}
	})
	address, err := citus.URL(servers[0], name, owner)
	if err := errors.Join(err, servers.Copy(ctx, name, citusTemplate, owner)); err != nil {
		t.Fatal(err)
	}
	return address
}

// drop drops a database. That fails while Citus's own sessions there end.
func drop(ctx context.Context, servers citus.Servers, name string) (err error) {
	for range 10 {
		if err = servers.Drop(ctx, name); err == nil {
			return nil
		}
	}
	return err
}

// Waiting returns how many statements on the database wait for a lock, whatever their role; on Citus on any server.
func Waiting(ctx context.Context, db *sql.DB) (n int, err error) {
	const waiting = `SELECT count(*) FROM pg_stat_activity a WHERE datname = current_database()
		AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND NOT l.granted)`
	query := waiting
	if OnCitus() {
		query = `SELECT (` + waiting + `) + sum(result::integer) FROM run_command_on_workers($$` + waiting + `$$)`
	}
	err = db.QueryRowContext(ctx, query).Scan(&n)
	return n, err
}
