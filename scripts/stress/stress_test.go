package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"minifb/shared/ops/bundle"
	"minifb/shared/testkit/built"
	"minifb/shared/testkit/testdb"
)

// A small run, with functions that detect data races.
func TestStress(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "minifb-stress-") // t.TempDir's path is too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	var output strings.Builder
	s := settings{
		operations: 3000, clients: 16, kills: 2, seed: 3, timeout: 2 * time.Minute,
		root: "../..", fast: true, race: true,
	}
	violations, err := s.run(t.Context(), dir, &output)
	if err != nil || len(violations) > 0 {
		t.Fatalf("%v\n%s", err, output.String())
	}
	requests := map[string]int{}
	row := regexp.MustCompile(`(?m)^(\S.*?) {2,}(\d+) {2,}`)
	for _, match := range row.FindAllStringSubmatch(output.String(), -1) {
		requests[match[1]], _ = strconv.Atoi(match[2])
	}
	for _, o := range operations {
		if requests[o.name] == 0 {
			t.Errorf("%q was never executed:\n%s", o.name, output.String())
		}
	}
	for _, want := range []string{"\nFinished operations: 3000, ", " Kills: 2.\nNo violations: "} {
		if !strings.Contains(output.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, output.String())
		}
	}
}

// Two runs on one database, with the rows of other users: each judges what it has made, and leaves the rest alone.
func TestStressOnAGivenDatabase(t *testing.T) {
	t.Parallel()
	url := testdb.URL(t)
	db := testdb.Open(t, url)
	if _, err := db.Exec(`
		INSERT INTO users (id, password_hash, name) VALUES ('ann.1', '0123456789', 'Ann');
		INSERT INTO posts (owner_uid, content, comment_count) VALUES (1, 'hello', 2);
		INSERT INTO comments (post_id, owner_uid, content) VALUES (1, 1, 'twice'), (1, 1, 'twice');`); err != nil {
		t.Fatal(err)
	}
	programs, err := built.Programs(t.Context(), "../..", t.TempDir(), false, "./functions/...")
	if err != nil {
		t.Fatal(err)
	}
	urls, err := bundle.ReadURLs(func(name string) string { return map[string]string{"DATABASE_URL": url}[name] })
	if err != nil {
		t.Fatal(err)
	}
	s := settings{
		operations: 400, clients: 8, kills: 1, seed: 5, timeout: 2 * time.Minute, root: "../..",
		database: urls, programs: programs,
	}
	run := func() (violations []string, output string, err error) {
		dir, err := os.MkdirTemp("", "minifb-stress-")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		var text strings.Builder
		violations, err = s.run(t.Context(), dir, &text)
		return violations, text.String(), err
	}
	for range 2 {
		violations, output, err := run()
		if err != nil || len(violations) > 0 || !strings.Contains(output, "\nNo violations: ") {
			t.Fatalf("%v\n%s", err, output)
		}
	}
	var users, others int
	if err := db.QueryRow(`SELECT count(*) FILTER (WHERE id LIKE 'stress.%'), count(*) FILTER (WHERE id = 'ann.1')
		FROM users`).Scan(&users, &others); err != nil || users != 2*(sharedUsers+8*usersPerWorker) || others != 1 {
		t.Errorf("%d users of runs and %d others, %v", users, others, err)
	}
	if _, err := db.Exec(`UPDATE posts SET comment_count = 5 WHERE id = 1`); err != nil {
		t.Fatal(err)
	}
	_, output, err := run()
	if err == nil || !strings.Contains(err.Error(), "violates 1 checks before the run") {
		t.Errorf("a database with a wrong counter: %v\n%s", err, output)
	}
}

// A check that cannot fail checks nothing: each is made to report a violation.
func TestChecksReportViolations(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t, testdb.URL(t))
	ctx := t.Context()
	conn, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	exec := func(query string) {
		t.Helper()
		if _, err := conn.ExecContext(ctx, query); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	// User 1 wrote post 1. User 2 commented on it, and reacted to the post and to the comment.
	exec(`
		INSERT INTO users (id, password_hash, name)
			SELECT 'user.' || n, '0123456789', 'User' FROM generate_series(1, 3) n;
		INSERT INTO posts (owner_uid, content, comment_count, reaction_3) VALUES (1, 'x', 1, 1);
		INSERT INTO comments (post_id, owner_uid, content, reaction_5) VALUES (1, 2, 'run/0/1 hello', 1);
		INSERT INTO post_reactions (post_id, user_uid, type) VALUES (1, 2, 3);
		INSERT INTO comment_reactions (post_id, comment_id, user_uid, type) VALUES (1, 1, 2, 5);
		INSERT INTO notifications (user_uid, type, actor_uid, post_id, comment_id) VALUES (1, 1, 2, 1, 1);
		INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type) VALUES (1, 2, 2, 1, 3)`)
	s := &stress{name: "run"}
	const (
		withoutConstraints = `
			ALTER TABLE notifications DROP CONSTRAINT notifications_check, DROP CONSTRAINT notifications_post_id_fkey,
				DROP CONSTRAINT notifications_post_id_comment_id_fkey;
			DROP INDEX notifications_reaction;
			ALTER TABLE comments DROP CONSTRAINT comments_post_id_fkey;
			ALTER TABLE post_reactions DROP CONSTRAINT post_reactions_post_id_fkey;
			ALTER TABLE comment_reactions DROP CONSTRAINT comment_reactions_post_id_comment_id_fkey;`
		counters      = "the counters equal their rows"
		notifications = "the notifications match the comments and reactions"
		references    = "all rows refer to posts and comments that exist"
		storedTwice   = "no comment is stored twice"
	)
	reported := map[string]bool{}
	for statement, want := range map[string]string{
		`SELECT`: "",
		`INSERT INTO comments (post_id, owner_uid, content) VALUES (1, 1, 'twice'), (1, 1, 'twice');
			UPDATE posts SET comment_count = 3;
			DELETE FROM notifications WHERE type = 1;
			INSERT INTO notifications (user_uid, type, actor_uid, post_id, comment_id) VALUES (1, 1, 2, 1, 1)`: "",
		`UPDATE posts SET comment_count = 2`:                        counters,
		`UPDATE comments SET reaction_1 = 1`:                        counters,
		`UPDATE posts SET reaction_3 = 0, reaction_4 = 1`:           counters,
		`UPDATE comments SET post_id = 9`:                           references,
		`UPDATE post_reactions SET post_id = 9`:                     references,
		`UPDATE comment_reactions SET comment_id = 9`:               references,
		`UPDATE notifications SET post_id = 9 WHERE type = 1`:       references,
		`UPDATE notifications SET actor_uid = 1`:                    notifications,
		`UPDATE notifications SET user_uid = 3`:                     notifications,
		`UPDATE notifications SET reaction_type = 4 WHERE type = 2`: notifications,
		`UPDATE notifications SET actor_uid = 3 WHERE type = 1`:     notifications,
		`DELETE FROM notifications WHERE type = 1`:                  notifications,
		`DELETE FROM notifications WHERE type = 2`:                  notifications,
		`INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type)
			VALUES (1, 2, 2, 1, 3)`: notifications,
		`INSERT INTO comments (post_id, owner_uid, content) VALUES (1, 1, 'run/0/1 hello!')`: storedTwice,
	} {
		exec("BEGIN;" + withoutConstraints + statement)
		var names []string
		for _, c := range s.checks() {
			violations, err := selectTexts(ctx, conn, c.query, c.args...)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if len(violations) > 0 {
				names = append(names, c.name)
			}
		}
		if want == "" && len(names) > 0 || want != "" && !slices.Contains(names, want) {
			t.Errorf("after %s the violated checks are %q, want %q", statement, names, want)
		}
		reported[want] = true
		exec("ROLLBACK")
	}
	for _, c := range s.checks() {
		if !reported[c.name] {
			t.Errorf("no statement violates that %s", c.name)
		}
	}
}

func TestExpected(t *testing.T) {
	t.Parallel()
	var e expected[int]
	check := func(when string, want ...int) {
		t.Helper()
		for v := range 6 {
			if e.allows(v) != slices.Contains(want, v) {
				t.Errorf("%s: allows(%d) is %t", when, v, e.allows(v))
			}
		}
	}
	check("at first", 0)
	e.acknowledge(3, 0)
	check("after a response", 3)
	e.addPending(4, 1)
	check("after a request without a response during kill 1", 3, 4)
	e.acknowledge(5, 0)
	check("after a response to a request that was sent before kill 1 was settled", 5, 4)
	e.acknowledge(2, 1)
	check("after a response to a request that was sent later", 2)
}

func TestVerifyWritesReportsViolations(t *testing.T) {
	t.Parallel()
	var kept, requested, acknowledged deletion
	requested.requested.Store(true)
	acknowledged.requested.Store(true)
	acknowledged.acknowledged.Store(true)
	existing, missing := rowKey{1, 0}, rowKey{2, 0}
	rows := map[rowKey]string{existing: ""}
	for _, c := range []struct {
		name     string
		row      rowKey
		deletion *deletion
		want     string
	}{
		{"never deleted, exists", existing, &kept, ""},
		{"never deleted, missing", missing, &kept, "lost"},
		{"deletion requested, exists", existing, &requested, ""},
		{"deletion requested, missing", missing, &requested, ""},
		{"deletion acknowledged, exists", existing, &acknowledged, "not deleted"},
		{"deletion acknowledged, missing", missing, &acknowledged, ""},
	} {
		s := &stress{}
		s.checkExists("post", c.row, rows, c.deletion)
		got := strings.Join(s.violations, "")
		if (got == "") != (c.want == "") || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	states := map[reactionKey]*expected[int]{{&user{uid: 7}, 1}: {value: 3}}
	for stored, want := range map[string]int{"3": 0, "4": 1, "": 1} {
		s := &stress{}
		s.checkReactions("post", states, rows, map[rowKey]string{{1, 7}: stored})
		if len(s.violations) != want {
			t.Errorf("reaction 3 was acknowledged and %q is stored: %q", stored, s.violations)
		}
	}
}

func TestVerifyLogsFindsErrors(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	const prefix = "2026-01-02 03:04:05.678 UTC [12] "
	for line, want := range map[string]bool{
		"LOG:  could not receive data from client: Connection reset by peer": false,
		"FATAL:  connection to client lost":                                  false,
		"LOG:  checkpoint starting: time":                                    false,
		"ERROR:  deadlock detected":                                          true,
		"LOG:  process 12 detected deadlock while waiting":                   true,
		`ERROR:  new row for relation "posts" violates check constraint`:     true,
	} {
		if err := os.WriteFile(path, []byte(prefix+line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		found := false
		err := eachLine(path, func(line string) { found = found || isPostgresError(line) })
		if err != nil || found != want {
			t.Errorf("%s: found %t, %v", line, found, err)
		}
	}
	for line, want := range map[string]bool{
		`{"level":"INFO","msg":"request","status":404}`: false, `{"level":"ERROR","msg":"request","status":500}`: true,
		"WARNING: DATA RACE": true, "panic: runtime error": true, `{"msg":"panic: no"}`: false,
	} {
		if functionError.MatchString(line) != want {
			t.Errorf("%s: an error is %t", line, !want)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	env := func(values map[string]string) func(string) string {
		return func(name string) string { return values[name] }
	}
	s, err := readSettings(env(nil))
	if err != nil || s.operations != 100_000 || s.clients != 64 || s.kills != 5 || s.seed != 1 {
		t.Errorf("the defaults are %+v, %v", s, err)
	}
	_, err = readSettings(env(map[string]string{"OPERATIONS": "0", "CLIENTS": "x", "KILLS": "-1", "SEED": "1.5"}))
	for _, name := range []string{"OPERATIONS", "CLIENTS", "KILLS", "SEED"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
}
