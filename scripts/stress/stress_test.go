package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"minifb/shared/testkit/testdb"
)

// The small size: with functions that detect data races.
func TestTorture(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "minifb-stress-") // shorter than the test's own, for the sockets' sake
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	var out strings.Builder
	s := settings{operations: 3000, clients: 16, kills: 2, seed: 3, atMost: 2 * time.Minute, root: "../..", fast: true, race: true}
	violations, err := torment(t.Context(), s, dir, &out)
	if err != nil || len(violations) > 0 {
		t.Fatalf("%v\n%s", err, out.String())
	}
	answered := map[string]int{}
	for _, match := range regexp.MustCompile(`(?m)^(\S.*?) {2,}(\d+) {2,}`).FindAllStringSubmatch(out.String(), -1) {
		answered[match[1]], _ = strconv.Atoi(match[2])
	}
	for _, o := range operations {
		if answered[o.name] == 0 {
			t.Errorf("%q was never done:\n%s", o.name, out.String())
		}
	}
	if !strings.Contains(out.String(), "3000 operations, ") || !strings.Contains(out.String(), "2 kills\n\nevery promise was kept") {
		t.Errorf("the summary is not as it should be:\n%s", out.String())
	}
}

// A check that cannot fail checks nothing: each promise is broken once.
func TestPromisesNotice(t *testing.T) {
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
	// User 1 wrote post 1; user 2 has commented on it and reacted to it and to the comment.
	exec(`
		INSERT INTO users (id, password_hash, name) SELECT 'user.' || n, '0123456789', 'User' FROM generate_series(1, 3) n;
		INSERT INTO posts (owner_uid, content, comment_count, reaction_3) VALUES (1, 'x', 1, 1);
		INSERT INTO comments (post_id, owner_uid, content, reaction_5) VALUES (1, 2, '0/1 hello', 1);
		INSERT INTO post_reactions (post_id, user_uid, type) VALUES (1, 2, 3);
		INSERT INTO comment_reactions (post_id, comment_id, user_uid, type) VALUES (1, 1, 2, 5);
		INSERT INTO notifications (user_uid, type, actor_uid, post_id, comment_id) VALUES (1, 1, 2, 1, 1);
		INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type) VALUES (1, 2, 2, 1, 3)`)
	const hidden = `ALTER TABLE notifications DROP CONSTRAINT notifications_check, DROP CONSTRAINT notifications_post_id_fkey,
		DROP CONSTRAINT notifications_post_id_comment_id_fkey; DROP INDEX notifications_reaction;`
	broken := map[string]string{
		"":                                       ``,
		"every counter equals its rows":          `UPDATE posts SET comment_count = 2, reaction_3 = 0, reaction_4 = 1; UPDATE comments SET reaction_1 = 1`,
		"nothing hangs on what is gone":          hidden + `UPDATE notifications SET post_id = 9 WHERE type = 1`,
		"no notification is for oneself":         hidden + `UPDATE notifications SET actor_uid = 1`,
		"a notification is for the post's owner": `UPDATE notifications SET user_uid = 3`,
		"no notification is doubled":             hidden + `INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type) VALUES (1, 2, 2, 1, 3)`,
		"a notification of type 2 has its reaction, with the same type": `UPDATE notifications SET reaction_type = 4 WHERE type = 2`,
		"a reaction to another's post has its notification":             `DELETE FROM notifications WHERE type = 2`,
		"a notification of type 1 has its comment":                      `UPDATE notifications SET actor_uid = 3 WHERE type = 1`,
		"a comment on another's post has its notification":              `DELETE FROM notifications WHERE type = 1`,
		"no comment is written twice":                                   `INSERT INTO comments (post_id, owner_uid, content) VALUES (1, 1, '0/1 hello!')`,
	}
	for name, sabotage := range broken {
		exec("BEGIN;" + sabotage)
		var noticed []string
		for _, p := range promises {
			where, err := lines(ctx, conn, p.query)
			if err != nil {
				t.Fatalf("%s: %v", p.name, err)
			}
			if len(where) > 0 {
				noticed = append(noticed, p.name)
			}
		}
		if name == "" && len(noticed) > 0 || name != "" && !slices.Contains(noticed, name) {
			t.Errorf("after %q it notices %q, want %q", sabotage, noticed, name)
		}
		exec("ROLLBACK")
	}
	for _, p := range promises {
		if broken[p.name] == "" {
			t.Errorf("nothing here breaks that %s", p.name)
		}
	}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	var r register[int]
	holds := func(when string, want ...int) {
		t.Helper()
		for v := range 6 {
			if r.holds(v) != slices.Contains(want, v) {
				t.Errorf("%s it may hold %d: %t", when, v, r.holds(v))
			}
		}
	}
	holds("at first", 0)
	r.acknowledge(3, 0)
	holds("after an answer", 3)
	r.doubt(4, 1)
	holds("after a request that broke in kill 1", 3, 4)
	r.acknowledge(5, 0)
	holds("after an answer to what was sent before kill 1 was settled", 5, 4)
	r.acknowledge(2, 1)
	holds("after an answer to what was sent when it was", 2)
}

func TestDurabilityNotices(t *testing.T) {
	t.Parallel()
	var standing, doubtful, deleted fate
	doubtful.condemned.Store(true)
	deleted.condemned.Store(true)
	deleted.deleted.Store(true)
	there, missing := row{1, 0}, row{2, 0}
	rows := map[row]string{there: ""}
	for _, c := range []struct {
		name string
		row  row
		fate *fate
		want string
	}{
		{"stands and is there", there, &standing, ""},
		{"stands and is missing", missing, &standing, "lost"},
		{"perhaps deleted and there", there, &doubtful, ""},
		{"perhaps deleted and missing", missing, &doubtful, ""},
		{"deleted and there", there, &deleted, "undead"},
		{"deleted and missing", missing, &deleted, ""},
	} {
		tt := &stress{}
		tt.present("post", c.row, rows, c.fate)
		if got := strings.Join(tt.violations, ""); (got == "") != (c.want == "") || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	u := &user{uid: 7}
	told := map[on]*register[int]{{u, 1}: {value: 3}}
	for found, want := range map[string]int{"3": 0, "4": 1, "": 1} {
		tt := &stress{}
		tt.reacted("post", told, rows, map[row]string{{1, 7}: found})
		if len(tt.violations) != want {
			t.Errorf("3 was acknowledged and %q is there: %q", found, tt.violations)
		}
	}
}

func TestLogsNotice(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	for line, want := range map[string]bool{
		"2026-01-02 03:04:05.678 UTC [12] LOG:  could not receive data from client: Connection reset by peer": false,
		"2026-01-02 03:04:05.678 UTC [12] FATAL:  connection to client lost":                                  false,
		"2026-01-02 03:04:05.678 UTC [12] LOG:  checkpoint starting: time":                                    false,
		"2026-01-02 03:04:05.678 UTC [12] ERROR:  deadlock detected":                                          true,
		"2026-01-02 03:04:05.678 UTC [12] LOG:  process 12 detected deadlock while waiting":                   true,
		`2026-01-02 03:04:05.678 UTC [12] ERROR:  new row for relation "posts" violates check constraint`:     true,
	} {
		if err := os.WriteFile(path, []byte(line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		noticed := false
		if err := eachLine(path, func(line string) { noticed = noticed || grave(line) }); err != nil || noticed != want {
			t.Errorf("%s: noticed %t, %v", line, noticed, err)
		}
	}
	for line, want := range map[string]bool{
		`{"level":"INFO","msg":"request","status":404}`: false, `{"level":"ERROR","msg":"request","status":500}`: true,
		"WARNING: DATA RACE": true, "panic: runtime error": true, `{"msg":"panic: no"}`: false,
	} {
		if alarming.MatchString(line) != want {
			t.Errorf("%s: alarming is %t", line, !want)
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
		t.Errorf("by default %+v, %v", s, err)
	}
	_, err = readSettings(env(map[string]string{"OPERATIONS": "0", "CLIENTS": "x", "KILLS": "-1", "SEED": "1.5"}))
	for _, name := range []string{"OPERATIONS", "CLIENTS", "KILLS", "SEED"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
}

func TestStopped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out strings.Builder
	if code := command(ctx, func(string) string { return "" }, &out); code != 130 || !strings.Contains(out.String(), "stopped") {
		t.Errorf("exit code %d, %s", code, out.String())
	}
}
