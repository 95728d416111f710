package migrations_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"minifb/migrations"
	"minifb/shared/testkit/testdb"
)

const recipe = "docs/recipes/migration.md shows how to change the schema while two releases run."

// Every migration can run while the previous release serves, and its down migration undoes it. Each
// is applied to a database with the schema before it and a few rows.
func TestMigrations(t *testing.T) {
	t.Parallel()
	all := ups(t)
	for i, up := range all {
		t.Run(up, func(t *testing.T) {
			t.Parallel()
			conn := connect(t)
			for _, earlier := range all[:i] {
				apply(t, conn, earlier)
				addRows(t, conn, earlier)
			}
			refused, err := check(t.Context(), conn, read(t, up))
			if err != nil {
				t.Fatalf("migrations/%s: %v", up, err)
			}
			for _, v := range refused {
				t.Errorf("migrations/%s: %s", up, v)
			}
			if t.Failed() {
				t.Fatal(recipe)
			}
			undo(t, conn, up)
		})
	}
}

// Every table of the newest schema has a row that testdata/rows adds: without rows, the checks see
// less.
func TestEveryTableHasRows(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	last := ""
	for _, up := range ups(t) {
		apply(t, conn, up)
		addRows(t, conn, up)
		last = up
	}
	c, err := readCatalog(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range c.of("table") {
		var filled bool
		query := "SELECT EXISTS (SELECT FROM " + table.Name + ")"
		if err := conn.QueryRowContext(t.Context(), query).Scan(&filled); err != nil {
			t.Fatal(err)
		}
		if !filled {
			t.Errorf("%s has no rows; INSERT some in migrations/testdata/rows/%s", table.Name, rowsOf(last))
		}
	}
}

// check runs a migration on the connection, takes it back, and returns the violations that its
// marks do not excuse. The error is one of SQL, or of the connection.
func check(ctx context.Context, conn *sql.Conn, text string) (refused []violation, err error) {
	before, after, err := try(ctx, conn, "", text)
	if failure, is := errors.AsType[*pgconn.PgError](err); is {
		switch {
		case failure.Code == "25001": // active_sql_transaction
			return []violation{{Rule: "not in a transaction", Why: failure.Message + ". " + whyNotInTransaction}}, nil
		case strings.HasPrefix(failure.Code, "23"): // a row breaks a constraint
			refused = []violation{{
				Rule: "fails on existing rows", Object: failure.TableName, Why: failure.Message + ". " + whyFails,
			}}
			before, after, err = try(ctx, conn, truncateAll, text)
		}
	}
	if err != nil {
		return nil, err
	}
	return append(refused, judge(text, compare(before, after))...), nil
}

// truncateAll lets a migration run that existing rows do not permit.
const truncateAll = `DO $$ BEGIN
	EXECUTE 'TRUNCATE ' || (SELECT string_agg(oid::regclass::text, ', ') FROM pg_class
		WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace);
END $$`

// try runs two texts in a transaction that it rolls back, and returns the catalogs before and after
// the second one.
func try(ctx context.Context, conn *sql.Conn, first, text string) (before, after catalog, err error) {
	if _, err := conn.ExecContext(ctx, "BEGIN;"+first); err != nil {
		return nil, nil, err
	}
	defer func() {
		_, failure := conn.ExecContext(ctx, "ROLLBACK")
		err = errors.Join(err, failure)
	}()
	if before, err = readCatalog(ctx, conn); err != nil {
		return nil, nil, err
	}
	if _, err = conn.ExecContext(ctx, text); err != nil {
		return nil, nil, err
	}
	after, err = readCatalog(ctx, conn)
	return before, after, err
}

// undo checks that the down migration undoes the up migration, and that the up migration can then
// be applied again.
func undo(t *testing.T, conn *sql.Conn, up string) {
	t.Helper()
	down := downOf(up)
	before, err := readCatalog(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, conn, up)
	first, err := readCatalog(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	addRows(t, conn, up) // a down migration must work with them
	apply(t, conn, down)
	left, err := readCatalog(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	if changes := before.difference(left); len(changes) > 0 {
		t.Fatalf("migrations/%s does not undo %s. After it, this is missing (-) or too much (+):\n%s",
			down, up, strings.Join(changes, "\n"))
	}
	apply(t, conn, up)
	again, err := readCatalog(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	if changes := first.difference(again); len(changes) > 0 {
		t.Errorf("migrations/%s makes another schema after %s:\n%s", up, down, strings.Join(changes, "\n"))
	}
}

// connect returns the only connection to an empty database.
func connect(t *testing.T) *sql.Conn {
	t.Helper()
	conn, err := testdb.Open(t, testdb.Empty(t, "")).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := migrations.Files.ReadFile(file)
	if err != nil {
		t.Fatalf("migrations: %v", err)
	}
	return string(text)
}

// apply runs an up or a down migration as store.Migrate does: in a transaction.
func apply(t *testing.T, conn *sql.Conn, file string) {
	t.Helper()
	run(t, conn, "migrations/"+file, read(t, file))
}

func rowsOf(up string) string { return strings.TrimSuffix(up, ".tx.up.sql") + ".sql" }

// addRows adds the sample rows that were written for the schema after this migration, if any. Like
// the rows of a real database, they stay when later migrations run.
func addRows(t *testing.T, conn *sql.Conn, up string) {
	t.Helper()
	path := "testdata/rows/" + rowsOf(up)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	run(t, conn, "migrations/"+path, string(text))
}

func run(t *testing.T, conn *sql.Conn, file, text string) {
	t.Helper()
	if _, err := conn.ExecContext(t.Context(), "BEGIN;"+text+"\n;COMMIT"); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
