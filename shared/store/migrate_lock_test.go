package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"minifb/shared/store"
	"minifb/shared/testkit/pgbouncer"
	"minifb/shared/testkit/programs"
	"minifb/shared/testkit/testdb"
)

// migrationLock is the lock of the schema in every release. Releases before this one hold it for a session.
const migrationLock = 6_469_102

// isLocked reports whether a release before this one would have to wait for the lock of the schema.
func isLocked(t *testing.T, db *sql.DB) bool {
	t.Helper()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var free bool
	err = conn.QueryRowContext(t.Context(), `
		SELECT pg_try_advisory_lock($1) AND pg_advisory_unlock($1)`, migrationLock).Scan(&free)
	if err != nil {
		t.Fatal(err)
	}
	return !free
}

// awaitWaiting waits until a session of the database waits for a lock.
func awaitWaiting(t *testing.T, db *sql.DB) {
	t.Helper()
	programs.Until(t, "a session waits for a lock", func() (waiting bool) {
		err := db.QueryRow(`
			SELECT count(*) > 0 FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
		return waiting
	})
}

// Eight processes migrate at once, some past a PgBouncer, and the others through it, where their transactions may get
// different connections. One applies each migration, and none leaves a lock behind.
func TestMigrateThroughPgBouncer(t *testing.T) {
	t.Parallel()
	address := testdb.Empty(t, "")
	pooled := pgbouncer.Start(t, address, "default_pool_size = 3").URL
	var mu sync.Mutex
	var applied []string
	concurrently(8, func(i int) {
		through := []string{pooled, pooled, pooled, address}[i%4]
		names, err := store.Migrate(t.Context(), through)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			t.Error(err)
		}
		applied = append(applied, names...)
	})
	slices.Sort(applied)
	if want := names(t); fmt.Sprint(applied) != fmt.Sprint(want) {
		t.Errorf("applied %v, want %v", applied, want)
	}
	for _, url := range []string{pooled, address} {
		if err := ready(t, url); err != nil {
			t.Error(err)
		}
	}
	if isLocked(t, testdb.Open(t, address)) {
		t.Error("the schema is still locked")
	}
}

// A host may still migrate with the release before: its lock and this one's exclude each other.
func TestMigrateAndTheReleaseBeforeExcludeEachOther(t *testing.T) {
	t.Parallel()
	address, last := testdb.BeforeLastMigration(t)
	db := testdb.Open(t, address)
	before, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	if _, err := before.ExecContext(t.Context(), `SELECT pg_advisory_lock($1)`, migrationLock); err != nil {
		t.Fatal(err)
	}
	applied := make(chan []string, 1)
	go func() {
		names, err := store.Migrate(t.Context(), address)
		if err != nil {
			t.Error(err)
		}
		applied <- names
	}()
	awaitWaiting(t, db)

	// The step of the migration stops where it records itself.
	table, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := table.Exec(`LOCK bun_migrations IN SHARE MODE`); err != nil {
		t.Fatal(err)
	}
	if _, err := before.ExecContext(t.Context(), `SELECT pg_advisory_unlock($1)`, migrationLock); err != nil {
		t.Fatal(err)
	}
	awaitWaiting(t, db)
	if !isLocked(t, db) {
		t.Error("a migration does not exclude the release before")
	}
	if err := table.Commit(); err != nil {
		t.Fatal(err)
	}
	if names := <-applied; fmt.Sprint(names) != fmt.Sprint([]string{last}) {
		t.Errorf("applied %v, want %s", names, last)
	}
	if isLocked(t, db) {
		t.Error("the schema is still locked")
	}
}

// Migrate stops waiting for another process's lock when its context ends, and does not take the lock later.
func TestMigrateStopsWaiting(t *testing.T) {
	t.Parallel()
	address := testdb.Empty(t, "")
	for name, url := range map[string]string{"direct": address, "pooled": pgbouncer.Start(t, address).URL} {
		db := testdb.Open(t, address)
		holder, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := holder.Exec(`SELECT pg_advisory_xact_lock($1)`, migrationLock); err != nil {
			t.Fatal(err)
		}
		soon, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if _, err := store.Migrate(soon, url); err == nil {
			t.Errorf("%s: Migrate did not wait for the lock", name)
		}
		if err := holder.Rollback(); err != nil {
			t.Fatal(err)
		}
		programs.Until(t, name+": the schema is not locked", func() bool { return !isLocked(t, db) })
	}
}
