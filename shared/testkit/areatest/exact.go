package areatest

import (
	"database/sql"
	"testing"
	"time"
)

// expected is the notifications that there must be, by the comments and reactions that there are.
const expected = `
	SELECT p.owner_uid, 1::smallint, c.owner_uid, p.id, c.id, NULL::smallint
	FROM comments c JOIN posts p ON p.id = c.post_id WHERE c.owner_uid <> p.owner_uid
	UNION ALL
	SELECT p.owner_uid, 2::smallint, r.user_uid, p.id, NULL::bigint, r.type
	FROM post_reactions r JOIN posts p ON p.id = r.post_id WHERE r.user_uid <> p.owner_uid`

const told = `SELECT user_uid, type, actor_uid, post_id, comment_id, reaction_type FROM notifications`

// wrong names what does not hold, and counts the rows that show it.
var wrong = map[string]string{
	"posts miscount their comments": `
		SELECT count(*) FROM posts p WHERE comment_count <> (SELECT count(*) FROM comments c WHERE c.post_id = p.id)`,
	"posts miscount their reactions": `
		SELECT count(*) FROM posts p WHERE ARRAY[reaction_1, reaction_2, reaction_3, reaction_4, reaction_5]::bigint[] <> ARRAY(
			SELECT count(r.type) FROM generate_series(1, 5) t LEFT JOIN post_reactions r ON r.post_id = p.id AND r.type = t GROUP BY t ORDER BY t)`,
	"comments miscount their reactions": `
		SELECT count(*) FROM comments c WHERE ARRAY[reaction_1, reaction_2, reaction_3, reaction_4, reaction_5]::bigint[] <> ARRAY(
			SELECT count(r.type) FROM generate_series(1, 5) t
			LEFT JOIN comment_reactions r ON r.post_id = c.post_id AND r.comment_id = c.id AND r.type = t GROUP BY t ORDER BY t)`,
	"notifications tell of nothing that is":  `SELECT count(*) FROM (` + told + ` EXCEPT ALL (` + expected + `)) n`,
	"comments and reactions were never told": `SELECT count(*) FROM ((` + expected + `) EXCEPT ALL ` + told + `) n`,
}

// CheckInvariants holds every counter against the rows that it counts, and every notification against what it tells of.
func CheckInvariants(t testing.TB, db *sql.DB) {
	t.Helper()
	for what, query := range wrong {
		var n int
		if err := db.QueryRow(query).Scan(&n); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if n != 0 {
			t.Errorf("%d %s", n, what)
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
