package areatest

import (
	"database/sql"
	"testing"
	"time"

	"minifb/shared/ops/invariants"
)

// CheckInvariants checks that the counters and notifications match the rows that they are made from.
func CheckInvariants(t testing.TB, db *sql.DB) {
	t.Helper()
	for _, query := range []string{invariants.Counters, invariants.Notifications} {
		rows, err := db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var violation string
			if err := rows.Scan(&violation); err != nil {
				t.Fatal(err)
			}
			t.Error(violation)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// CheckNoDeadlock checks that PostgreSQL detected no deadlock in the database. All other
// connections to it must be closed before, but for those of Citus: PostgreSQL adds up what a connection
// counted when it closes.
func CheckNoDeadlock(t testing.TB, db *sql.DB) {
	t.Helper()
	count := func(query string) (n int) {
		if err := db.QueryRow(query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	db.SetMaxOpenConns(1)
	const others = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
		AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND NOT starts_with(application_name, 'citus_')`
	for deadline := time.Now().Add(5 * time.Second); count(others) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("another connection to the test's database is still open")
		}
	}
	if n := count(`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`); n != 0 {
		t.Errorf("%d deadlocks", n)
	}
}
