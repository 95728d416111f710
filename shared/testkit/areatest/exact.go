package areatest

import (
	"database/sql"
	"testing"
	"time"

	"minifb/shared/ops/counters"
)

// expected is the notifications that there must be, by the comments and reactions that there are.
const expected = `
	SELECT p.owner_uid, 1::smallint, c.owner_uid, p.id, c.id, NULL::smallint
	FROM comments c JOIN posts p ON p.id = c.post_id WHERE c.owner_uid <> p.owner_uid
	UNION ALL
	SELECT p.owner_uid, 2::smallint, r.user_uid, p.id, NULL::bigint, r.type
	FROM post_reactions r JOIN posts p ON p.id = r.post_id WHERE r.user_uid <> p.owner_uid`

const told = `SELECT user_uid, type, actor_uid, post_id, comment_id, reaction_type FROM notifications`

// invariants are queries that return one text for each row that breaks the rule.
var invariants = map[string]string{
	"a counter differs from the rows that it counts": counters.Query,
	"a notification has no comment or reaction":      `SELECT n::text FROM (` + told + ` EXCEPT ALL (` + expected + `)) n`,
	"a comment or reaction has no notification":      `SELECT n::text FROM ((` + expected + `) EXCEPT ALL ` + told + `) n`,
}

// CheckInvariants compares every counter with the rows that it counts, and the notifications with the comments and reactions.
func CheckInvariants(t testing.TB, db *sql.DB) {
	t.Helper()
	for rule, query := range invariants {
		// Without a broken rule, the one row has a NULL.
		var broken sql.NullString
		if err := db.QueryRow(`SELECT string_agg(v, E'\n') FROM (` + query + `) AS violations (v)`).Scan(&broken); err != nil {
			t.Fatalf("%s: %v", rule, err)
		}
		if broken.Valid {
			t.Errorf("%s:\n%s", rule, broken.String)
		}
	}
}

// CheckNoDeadlock asks PostgreSQL whether it ever had to end a transaction of this database for others that waited for
// each other. Whoever worked on the database must have closed its connections: they report when they go.
func CheckNoDeadlock(t testing.TB, db *sql.DB) {
	t.Helper()
	count := func(query string) (n int) {
		if err := db.QueryRow(query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	db.SetMaxOpenConns(1)
	for deadline := time.Now().Add(5 * time.Second); count(`SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("somebody is still connected to the test's database")
		}
	}
	if n := count(`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`); n != 0 {
		t.Errorf("%d deadlocks", n)
	}
}
