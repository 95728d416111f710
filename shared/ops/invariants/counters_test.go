package invariants_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"minifb/shared/ops/invariants"
	"minifb/shared/testkit/testdb"
)

// rows are two posts with comments and reactions of several types, and counters that are right.
const rows = `
	INSERT INTO users (id, password_hash, name) SELECT 'user.' || n, '0123456789', 'User' FROM generate_series(1, 3) n;
	INSERT INTO posts (owner_uid, content, comment_count, reaction_1, reaction_5)
		VALUES (1, 'a', 2, 1, 1), (2, 'b', 0, 0, 0);
	INSERT INTO comments (post_id, owner_uid, content, reaction_2, reaction_3)
		VALUES (1, 2, 'c', 1, 1), (1, 3, 'd', 0, 0);
	INSERT INTO post_reactions (post_id, user_uid, type) VALUES (1, 2, 1), (1, 3, 5);
	INSERT INTO comment_reactions (post_id, comment_id, user_uid, type) VALUES (1, 1, 1, 2), (1, 1, 2, 3);`

// sabotage is a statement that makes one counter wrong, by the text that the query returns then.
func sabotage() map[string]string {
	statements := map[string]string{
		"post 1: comment_count is 3, and it has 2 comments": `UPDATE posts SET comment_count = 3 WHERE id = 1`,
		"post 2: comment_count is 1, and it has 0 comments": `UPDATE posts SET comment_count = 1 WHERE id = 2`,
		"post 1: comment_count is 2, and it has 1 comments": `DELETE FROM comments WHERE id = 2`,
		"post 1: its reaction counters are {1,0,0,0,1}, and it has {0,0,0,0,1} reactions of each type": `
			DELETE FROM post_reactions WHERE type = 1`,
		"comment 1: its reaction counters are {0,1,1,0,0}, and it has {0,0,1,0,0} reactions of each type": `
			DELETE FROM comment_reactions WHERE type = 2`,
		"the total of users is 4, and there are 3": `
			INSERT INTO total_changes (what, quarter, n) VALUES ('users', '-infinity', 1)`,
		"the total of posts is 3, and there are 2": `INSERT INTO totals VALUES ('posts', '-infinity', 1)`,
		"the total of posts of 2100-01-01 00:00:00+00 is 1, and there are 0": `
			SET LOCAL timezone = 'UTC';
			INSERT INTO totals VALUES ('posts', '-infinity', -1), ('posts', '2100-01-01', 1)`,
	}
	for kind := 1; kind <= 5; kind++ {
		wrong := []string{"0", "0", "0", "0", "0"}
		wrong[kind-1] = "7"
		counter := "{" + strings.Join(wrong, ",") + "}"
		for _, table := range []string{"post", "comment"} {
			want := fmt.Sprintf("%s 2: its reaction counters are %s, and it has {0,0,0,0,0} reactions of each type",
				table, counter)
			statements[want] = fmt.Sprintf(`UPDATE %ss SET reaction_%d = 7 WHERE id = 2`, table, kind)
		}
	}
	return statements
}

func TestCountersFindsEachWrongCounter(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t, testdb.URL(t))
	if _, err := db.Exec(rows); err != nil {
		t.Fatal(err)
	}
	if got := violations(t, db, invariants.Counters, `SELECT`); len(got) > 0 {
		t.Errorf("the counters are right, and the query returns %q", got)
	}
	for want, statement := range sabotage() {
		if got := violations(t, db, invariants.Counters, statement); len(got) != 1 || got[0] != want {
			t.Errorf("after %s the query returns %q, want %q alone", statement, got, want)
		}
	}
}

// violations executes the statement, returns what the query returns then, and rolls the statement back.
func violations(t *testing.T, db *sql.DB, query, statement string) (texts []string) {
	t.Helper()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	found, err := tx.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var text string
		if err := found.Scan(&text); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestRestoreCheck(t *testing.T) {
	t.Parallel()
	address := testdb.URL(t)
	db := testdb.Open(t, address)
	if _, err := db.Exec(rows); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	output, err := restoreCheck(t.Context(), t, folder)
	if err == nil || !strings.Contains(output, "no dump that is younger than 26 hours") {
		t.Errorf("without a dump: %v, %s", err, output)
	}
	dump := filepath.Join(folder, "minifb-20260101T000000Z.dump")
	makeDump := func() {
		t.Helper()
		output, err := exec.Command("pg_dump", "--format=custom", "--file="+dump, address).CombinedOutput()
		if err != nil {
			t.Fatalf("pg_dump: %v\n%s", err, output)
		}
	}
	makeDump()
	age := func(age time.Duration) {
		t.Helper()
		if err := os.Chtimes(dump, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	age(26*time.Hour + time.Minute)
	output, err = restoreCheck(t.Context(), t, folder)
	if err == nil || !strings.Contains(output, "no dump that is younger than 26 hours") {
		t.Errorf("with an old dump: %v, %s", err, output)
	}
	age(25 * time.Hour)
	output, err = restoreCheck(t.Context(), t, folder)
	if err != nil {
		t.Fatalf("a good dump is refused: %v\n%s", err, output)
	}
	for _, want := range []string{
		"posts: 2 rows\n", "comments: 2 rows\n", "post_reactions: 2 rows\n",
		dump + " can be restored, and its counters are right\n",
	} {
		if !strings.Contains(output, want) {
			t.Errorf("the output lacks %q:\n%s", want, output)
		}
	}
	const sabotage = `UPDATE comments SET reaction_4 = 1 WHERE id = 2; UPDATE posts SET reaction_1 = 2 WHERE id = 1`
	if _, err := db.Exec(sabotage); err != nil {
		t.Fatal(err)
	}
	makeDump()
	output, err = restoreCheck(t.Context(), t, folder)
	if err == nil {
		t.Errorf("a dump with wrong counters passes:\n%s", output)
	}
	for _, want := range []string{
		"post 1: its reaction counters are {2,0,0,0,1}", "comment 2: its reaction counters are {0,0,0,1,0}",
		"2 wrong counters in " + dump,
	} {
		if !strings.Contains(output, want) {
			t.Errorf("the output lacks %q:\n%s", want, output)
		}
	}
}

// scratch is locked by the test that uses the one database of scripts/restore-check.
var scratch sync.Mutex

// restoreCheck runs scripts/restore-check on the server of the tests.
func restoreCheck(ctx context.Context, t *testing.T, arguments ...string) (output string, err error) {
	t.Helper()
	scratch.Lock()
	defer scratch.Unlock()
	output, err = runScript(ctx, t, "restore-check", "postgres", arguments...)
	left := 0
	const query = `SELECT count(*) FROM pg_database WHERE datname = 'minifb_restore_check'`
	if err := testdb.Open(t, os.Getenv(testdb.Variable)).QueryRow(query).Scan(&left); err != nil || left > 0 {
		t.Errorf("the restored copy of the database stays: %v", err)
	}
	return output, err
}

// runScript runs a script on a database of the server of the tests.
func runScript(ctx context.Context, t *testing.T, name, database string, arguments ...string) (string, error) {
	t.Helper()
	server, err := pgx.ParseConfig(os.Getenv(testdb.Variable))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, "../../../scripts/"+name, arguments...)
	cmd.Env = append(os.Environ(), "PGHOST="+server.Host, fmt.Sprintf("PGPORT=%d", server.Port),
		"PGUSER="+server.User, "PGPASSWORD="+server.Password, "PGDATABASE="+database)
	content, err := cmd.CombinedOutput()
	return string(content), err
}
