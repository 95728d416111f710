package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"minifb/shared/ops/release"
)

// tiny is so little data that it is loaded in a second.
var tiny = size{
	Posts: leastPosts, Users: 600, Reactions: 19_200, Comments: 10_000, HotReactions: 400, HotComments: 100,
	Writers: 30, Viewers: 10,
}

// small returns the settings of a run with few requests on tiny data, in a new folder.
func small(t *testing.T) settings {
	t.Helper()
	dir := shortDir(t)
	all := rows(tiny)
	for i := range all {
		all[i].clients = min(all[i].clients, 2)
	}
	s := settings{
		rounds: 1, duration: time.Second, rows: all, size: tiny, dataDir: filepath.Join(dir, "data"), root: "../..",
		iterations: 1000, pause: 50 * time.Millisecond, results: filepath.Join(dir, "results"),
		binaries: filepath.Join(dir, "bin"),
	}
	var packages []string
	for _, area := range s.areas() {
		packages = append(packages, "./functions/"+area)
	}
	target := release.Target{Arch: runtime.GOARCH}
	if err := release.Build(t.Context(), s.root, s.binaries, target, os.Stderr, packages...); err != nil {
		t.Fatal(err)
	}
	return s
}

// shortDir returns a new folder. The path of t.TempDir may be too long for sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mfb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// rowsNamed returns some of the rows.
func rowsNamed(all []row, names ...string) (some []row) {
	for _, r := range all {
		if slices.Contains(names, r.name) {
			some = append(some, r)
		}
	}
	return some
}

// A small `make bench`, and then others on the same data.
func TestSmallRun(t *testing.T) {
	t.Parallel()
	s := small(t)
	run := func(s settings) (broken []string, output string) {
		var text strings.Builder
		broken, err := s.run(t.Context(), shortDir(t), &text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text.String())
		}
		return broken, text.String()
	}
	broken, output := run(s)
	if len(broken) > 0 || !strings.Contains(output, "Loading the data") {
		t.Errorf("broken: %q\n%s", broken, output)
	}
	checkResult(t, s, output)

	checkData(t, s)

	// The function sees no post any more; pgbench, as the superuser, does.
	failing := s
	failing.rows = rowsNamed(s.rows, "post")
	broken, output = run(failing)
	const want = "post: round 1, directly: not 2xx: GET /post/666 returns 404"
	if len(broken) != 2 || !strings.HasPrefix(broken[0], want) ||
		!regexp.MustCompile(`(?m)^\| post +\| +2 \| +invalid \|`).MatchString(output) ||
		strings.Contains(output, "Loading") {
		t.Errorf("with functions that fail, broken is %q\n%s", broken, output)
	}

	checkProfile(t, s)
}

// checkResult checks the file that the last line of the output names in its command.
func checkResult(t *testing.T, s settings, output string) {
	t.Helper()
	match := regexp.MustCompile(`make bench-compare A=(\S+) B=…\n$`).FindStringSubmatch(output)
	if match == nil {
		t.Fatalf("the last line is not the command to compare:\n%s", output)
	}
	r, err := readResult("A", match[1])
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Rows) != len(s.rows) || r.Machine.Cores == 0 || r.Machine.PostgreSQL == "" || r.Settings.Size != tiny {
		t.Errorf("the result is %+v", r)
	}
	for i, m := range r.Rows {
		row := s.rows[i]
		if m.Name != row.name || m.Direct.PerSecond <= 0 || m.Direct.P50 <= 0 || m.Direct.P99 < m.Direct.P50 ||
			m.Direct.Memory <= 0 || len(m.Ceilings) != len(row.ceilings) {
			t.Errorf("%s: %+v", row.name, m)
		}
		if len(row.ceilings) > 0 && m.Ratio <= 0 || len(row.ceilings) > 1 && m.OwnRatio <= 0 {
			t.Errorf("%s: the ratios are %f and %f", row.name, m.Ratio, m.OwnRatio)
		}
		if row.direct == (m.Nginx != nil) || !row.direct && m.NginxDirect <= 0 {
			t.Errorf("%s: through nginx %+v", row.name, m.Nginx)
		}
	}
}

// checkData checks that wrong counters and notifications are found, what of a run is deleted by the next, and when the
// data is loaded again. Then it hides all posts from the functions.
func checkData(t *testing.T, s settings) {
	t.Helper()
	ctx := t.Context()
	d := &database{size: s.size, report: t.Logf}
	if err := d.start(ctx, s.dataDir, true); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.close(); err != nil {
			t.Error(err)
		}
	}()
	missing := func() string {
		why, err := d.missing(ctx, s.iterations)
		if err != nil {
			t.Fatal(err)
		}
		return why
	}
	execute := func(statements string) {
		if err := d.exec(ctx, statements); err != nil {
			t.Fatal(err)
		}
	}
	if why := missing(); why != "" {
		t.Errorf("complete data is loaded again: %s", why)
	}
	b := &bench{settings: s, database: d, output: &strings.Builder{}}
	execute(`
		UPDATE posts SET reaction_1 = reaction_1 + 1 WHERE id = 7;
		INSERT INTO comments (post_id, owner_uid, content)
			SELECT id, owner_uid - 1, 'not notified' FROM posts WHERE id = 8;
		INSERT INTO notifications (user_uid, type, actor_uid, post_id, comment_id)
			SELECT owner_uid, 1, owner_uid - 1, id, (SELECT max(id) FROM comments WHERE post_id = 9)
			FROM posts WHERE id = 9`)
	wrong, err := b.verify(ctx)
	if text := strings.Join(wrong, "\n"); err != nil || !strings.Contains(text, "post 7: its reaction counters are ") ||
		!regexp.MustCompile(`the comment \d+ has no notification`).MatchString(text) ||
		!regexp.MustCompile(`the notification \d+ has no cause`).MatchString(text) {
		t.Errorf("wrong is %q, %v", wrong, err)
	}
	if err := d.reset(ctx); err != nil {
		t.Fatal(err)
	}
	var posts, comments int
	const count = `SELECT count(*), (SELECT count(*) FROM comments) FROM posts`
	if err := d.db.QueryRowContext(ctx, count).Scan(&posts, &comments); err != nil {
		t.Fatal(err)
	}
	if posts != tiny.Posts || int64(comments) != d.loaded.Comments {
		t.Errorf("after a reset there are %d posts and %d comments", posts, comments)
	}
	for change, want := range map[string]string{
		`'{Version}', '0'`:             "it has version 0",
		`'{Size,Users}', '1'`:          "it has another size",
		`'{Migrations,0}', '"before"'`: "its migrations are not those of this version",
	} {
		var before []byte
		if err := d.db.QueryRowContext(ctx, `SELECT what FROM bench.loaded`).Scan(&before); err != nil {
			t.Fatal(err)
		}
		execute(`UPDATE bench.loaded SET what = jsonb_set(what::jsonb, ` + change + `)`)
		if why := missing(); !strings.HasPrefix(why, want) {
			t.Errorf("after the change %s the reason is %q", change, why)
		}
		if err := json.Unmarshal(before, &d.loaded); err != nil {
			t.Fatal(err)
		}
		if err := d.writeLoaded(ctx); err != nil {
			t.Fatal(err)
		}
	}
	execute(`DROP TABLE bench.loaded`)
	if why := missing(); !strings.Contains(why, "was interrupted") {
		t.Errorf("of incomplete data it says %q", why)
	}
	d.loaded.Version = dataVersion
	if err := d.writeLoaded(ctx); err != nil {
		t.Fatal(err)
	}
	execute(`ALTER TABLE posts ENABLE ROW LEVEL SECURITY`)
}

// checkProfile runs a small `make profile`.
func checkProfile(t *testing.T, s settings) {
	t.Helper()
	p := profile{settings: s, row: rowsNamed(s.rows, "healthz")[0], folder: filepath.Join(s.results, "profile")}
	p.rows = []row{p.row}
	var output strings.Builder
	broken, err := p.run(context.WithoutCancel(t.Context()), shortDir(t), &output)
	if err != nil || len(broken) > 0 {
		t.Fatalf("%v, broken: %q\n%s", err, broken, output.String())
	}
	for _, kind := range []string{"cpu", "allocs"} {
		path := filepath.Join(p.folder, "healthz-"+kind+".pprof")
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", path, err)
		}
		if !strings.Contains(output.String(), "go tool pprof -http=localhost:8123 "+path+"\n") {
			t.Errorf("the output does not name %s:\n%s", path, output.String())
		}
	}
	if strings.Count(output.String(), "flat%") != 2 {
		t.Errorf("the output does not have two tables:\n%s", output.String())
	}
}
