package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"minifb/shared/ops/postgres"
	"minifb/shared/testkit/programs"
)

// victim names the variable that makes the test binary start a cluster in the given directory and
// wait to be killed.
const victim = "POSTGRES_TEST_VICTIM"

func TestMain(m *testing.M) {
	dir := os.Getenv(victim)
	if dir == "" {
		os.Exit(m.Run())
	}
	c, err := postgres.Start(context.Background(), postgres.Options{Dir: dir, Fast: true})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	<-c.Done()
}

func start(t *testing.T, o postgres.Options) *postgres.Cluster {
	t.Helper()
	c, err := postgres.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop() }) // a test that checks the error has stopped it before
	return c
}

func exec1(t *testing.T, url, query string) {
	t.Helper()
	withDB(t, url, query, func(db *sql.DB) error { _, err := db.ExecContext(t.Context(), query); return err })
}

func queryValue(t *testing.T, url, query string) (s string) {
	t.Helper()
	withDB(t, url, query, func(db *sql.DB) error { return db.QueryRowContext(t.Context(), query).Scan(&s) })
	return s
}

func withDB(t *testing.T, url, query string, do func(*sql.DB) error) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := do(db); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func TestSecondStartFindsTheData(t *testing.T) {
	t.Parallel()
	o := postgres.Options{Dir: t.TempDir(), Database: "minifb"}
	c := start(t, o)
	for setting, want := range map[string]string{
		"server_encoding": "UTF8", "listen_addresses": "", "max_connections": "200", "fsync": "on",
		"synchronous_commit": "on", "full_page_writes": "on", "shared_buffers": "128MB", "TimeZone": "UTC",
	} {
		if got := queryValue(t, c.URL("minifb"), "SHOW "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	exec1(t, c.URL("minifb"), "CREATE TABLE kept AS SELECT '안녕' AS greeting")
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(); err != nil {
		t.Fatalf("the second Stop: %v", err)
	}
	if got := queryValue(t, start(t, o).URL("minifb"), "SELECT greeting FROM kept"); got != "안녕" {
		t.Errorf("found %q", got)
	}
	info, err := os.Stat(filepath.Join(o.Dir, "postgres"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory is open to other users: %v, %v", info.Mode(), err)
	}
}

func TestFast(t *testing.T) {
	t.Parallel()
	c := start(t, postgres.Options{Dir: t.TempDir(), Fast: true})
	for setting, want := range map[string]string{
		"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300",
	} {
		if got := queryValue(t, c.URL("postgres"), "SHOW "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
}

func TestContextStopsTheServer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c, err := postgres.Start(ctx, postgres.Options{Dir: t.TempDir(), Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", c.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.PingContext(t.Context()); err != nil { // the session stays open, and does not delay the stop
		t.Fatal(err)
	}
	cancel()
	select {
	case <-c.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("the server still runs 20 s after its context ended")
	}
	if err := c.Stop(); err != nil {
		t.Error(err)
	}
}

// Two clusters run side by side in directories whose paths are too long for a socket and hold what
// must be quoted in a list of paths or in a URL.
func TestOddDirectoriesSideBySide(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	var clusters []*postgres.Cluster
	for i := range 2 {
		dir := filepath.Join(base, strings.Repeat("long ", 20), fmt.Sprintf(`a,b "c" %%41 & ?한글 %d`, i))
		c := start(t, postgres.Options{Dir: dir, Fast: true, Database: `odd "name"`})
		exec1(t, c.URL(`odd "name"`), fmt.Sprintf("CREATE TABLE mine AS SELECT 'cluster %d' AS name", i))
		clusters = append(clusters, c)
	}
	for i, c := range clusters {
		got, want := queryValue(t, c.URL(`odd "name"`), "SELECT name FROM mine"), fmt.Sprint("cluster ", i)
		if got != want {
			t.Errorf("found %q, want %q", got, want)
		}
	}
}

// The sockets of a directory with a short path are in it, so that a space is in the URL.
func TestDirectoryWithASpace(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "a b")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c := start(t, postgres.Options{Dir: dir, Fast: true})
	if !strings.Contains(c.URL("postgres"), "a%20b") {
		t.Fatalf("the URL is %s, want the sockets in %s", c.URL("postgres"), dir)
	}
	if got := queryValue(t, c.URL("postgres"), "SELECT 'alive'"); got != "alive" {
		t.Errorf("found %q", got)
	}
}

func TestOneRunAtATime(t *testing.T) {
	t.Parallel()
	o := postgres.Options{Dir: t.TempDir(), Fast: true}
	c := start(t, o)
	_, err := postgres.Start(context.Background(), o)
	if err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Fatalf("a second start of the same cluster: %v", err)
	}
	if got := queryValue(t, c.URL("postgres"), "SELECT 'alive'"); got != "alive" {
		t.Errorf("found %q", got)
	}
}

func TestOtherVersion(t *testing.T) {
	t.Parallel()
	o := postgres.Options{Dir: t.TempDir(), Fast: true}
	if err := start(t, o).Stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.Dir, "postgres/data/PG_VERSION"), []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := postgres.Start(context.Background(), o)
	if err == nil || !strings.Contains(err.Error(), "was created by PostgreSQL 9, but this machine has") {
		t.Errorf("got %v", err)
	}
}

func TestADirectoryWithOtherFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "postgres/data/photos"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := postgres.Start(context.Background(), postgres.Options{Dir: dir, Fast: true})
	if err == nil || !strings.Contains(err.Error(), "holds files, but no database") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "postgres/data/photos")); err != nil {
		t.Errorf("the files were removed: %v", err)
	}
}

// kill starts a cluster in another process, and kills that process or the server, as a crash would.
func kill(t *testing.T, dir string, server bool) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), victim+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	output := make([]byte, 6)
	if n, err := out.Read(output); err != nil || string(output[:n]) != "ready\n" {
		t.Fatalf("the process to be killed printed %q, %v", output[:n], err)
	}
	if server {
		content, err := os.ReadFile(filepath.Join(dir, "postgres/data/postmaster.pid"))
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.SplitN(string(content), "\n", 2)[0])
		if err != nil || pid < 2 {
			t.Fatalf("%q is not a process id: %v", content, err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	} else if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
}

func TestStartAfterACrash(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]bool{"of the starter": false, "of the server": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := postgres.Options{Dir: t.TempDir(), Fast: true}
			kill(t, o.Dir, server)
			if got := queryValue(t, start(t, o).URL("postgres"), "SELECT 'alive'"); got != "alive" {
				t.Errorf("found %q", got)
			}
		})
	}
}

// After a crash, another process may have the server's process id.
func TestAStalePIDFileNamesAnotherProcess(t *testing.T) {
	t.Parallel()
	o := postgres.Options{Dir: t.TempDir(), Fast: true}
	kill(t, o.Dir, true)
	other := exec.Command("sleep", "60")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Process.Kill(); _ = other.Wait() })
	path := filepath.Join(o.Dir, "postgres/data/postmaster.pid")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(content), "\n")
	if err := os.WriteFile(path, []byte(strconv.Itoa(other.Process.Pid)+"\n"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, o)
	if err := other.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the other process does not run any more: %v", err)
	}
}

func TestMalformedSettingsAreReported(t *testing.T) {
	t.Parallel()
	o := postgres.Options{Dir: t.TempDir(), Fast: true}
	if err := start(t, o).Stop(); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(o.Dir, "postgres/data/postgresql.conf")
	if err := os.WriteFile(settings, []byte("nonsense = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := postgres.Start(context.Background(), o)
	if err == nil || !strings.Contains(err.Error(), `unrecognized configuration parameter "nonsense"`) {
		t.Errorf("got %v", err)
	}
}

func TestCancelledStart(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	o := postgres.Options{Dir: t.TempDir(), Fast: true}
	if _, err := postgres.Start(ctx, o); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	start(t, o)
}

func TestFunctionsURL(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"postgres://postgres@/minifb?host=%2Fd+e":    "postgres://minifb_{function}@/minifb?host=%2Fd+e",
		"postgres://minifb:secret@h:5432/minifb?a=b": "postgres://minifb_{function}@h:5432/minifb?a=b",
		"postgres://minifb_%7Bfunction%7D@h/minifb":  "postgres://minifb_{function}@h/minifb",
		"postgres:///minifb?host=/run/postgresql":    "postgres://minifb_{function}@/minifb?host=/run/postgresql",
	} {
		if got, err := postgres.FunctionsURL(address); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", address, got, err, want)
		}
	}
	if got, err := postgres.FunctionsURL("postgres://h:port/"); err == nil {
		t.Errorf("a wrong port: %s", got)
	}
}

// A standby has what its primary has committed, and takes no writes.
func TestStandby(t *testing.T) {
	t.Parallel()
	settings := []string{"wal_level=replica", "max_wal_senders=10"}
	primary := start(t, postgres.Options{Dir: programs.Folder(t), Database: "minifb", Fast: true, Settings: settings})
	exec1(t, primary.URL("minifb"), `CREATE TABLE rows AS SELECT 'before' AS text`)
	o := postgres.Options{Dir: t.TempDir(), Fast: true, Settings: settings, StandbyOf: primary}
	standby := start(t, o)
	exec1(t, primary.URL("minifb"), `INSERT INTO rows VALUES ('after')`)
	const read = `SELECT string_agg(text, ' ' ORDER BY ctid) || ', ' || pg_is_in_recovery() FROM rows`
	programs.Until(t, "the standby has both rows", func() bool {
		return queryValue(t, standby.URL("minifb"), read) == "before after, true"
	})
	if err := standby.Stop(); err != nil {
		t.Fatal(err)
	}
	exec1(t, primary.URL("minifb"), `INSERT INTO rows VALUES ('later')`)
	again := start(t, o)
	programs.Until(t, "the standby has gone on from where it was", func() bool {
		return queryValue(t, again.URL("minifb"), read) == "before after later, true"
	})
}
