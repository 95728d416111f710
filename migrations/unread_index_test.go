package migrations_test

import (
	"strings"
	"testing"
)

// An index that was not built to its end does not take the place of a valid one.
func TestAnInvalidIndexIsNotTaken(t *testing.T) {
	t.Parallel()
	const last = "0010_one_unread_index.tx.up.sql"
	conn := connect(t)
	for _, up := range ups(t) {
		if up == last {
			break
		}
		apply(t, conn, up)
		addRows(t, conn, up)
	}
	run(t, conn, "no index", `DROP INDEX notifications_unread_actors`)
	// Two rows have the same key, so this fails, and leaves the index.
	_, err := conn.ExecContext(t.Context(),
		`CREATE UNIQUE INDEX CONCURRENTLY notifications_unread_actors ON notifications ((0))`)
	if code(err) != "23505" { // unique_violation
		t.Fatalf("got %v, want a violation of the index", err)
	}
	_, err = conn.ExecContext(t.Context(), read(t, last))
	if err == nil || !strings.Contains(err.Error(), "notifications_unread_actors is invalid: drop it") {
		t.Errorf("got %v", err)
	}
	run(t, conn, "the index again", `DROP INDEX notifications_unread_actors`)
	apply(t, conn, "0009_unread_index.tx.up.sql")
	apply(t, conn, last)
}
