package main

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"minifb/shared/ops/process"
	"minifb/shared/testkit/pgbouncer"
	"minifb/shared/testkit/programs"
	"minifb/shared/testkit/testdb"
)

// TestMain makes the test binary the command itself, where asMain is set.
func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
	}
	os.Exit(m.Run())
}

const asMain = "MIGRATE_TEST_AS_MAIN"

// migrateIn returns the command, ready to be started for the database with this URL.
func migrateIn(url string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{asMain + "=1", "DATABASE_URL=" + url}
	return cmd
}

func count(t *testing.T, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A process that is killed in a migration takes its lock and what it has done with it, and another one goes on.
func TestKilledMigrationLocksNoOneOut(t *testing.T) {
	t.Parallel()
	for name, through := range map[string]func(address string) string{
		"direct":    func(address string) string { return address },
		"PgBouncer": func(address string) string { return pgbouncer.Start(t, address).URL },
	} {
		address, last := testdb.BeforeLastMigration(t)
		db := testdb.Open(t, address)
		table, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := table.Exec(`LOCK bun_migrations IN SHARE MODE`); err != nil { // stops it where it records itself
			t.Fatal(err)
		}
		killed := migrateIn(through(address))
		if err := process.Start(killed, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		programs.Until(t, name+": the process has the lock, and waits", func() bool {
			return count(t, db, `SELECT count(*) FROM pg_locks a JOIN pg_locks w USING (pid)
				WHERE a.locktype = 'advisory' AND a.objid = 6469102 AND a.granted AND NOT w.granted
				AND a.database = (SELECT oid FROM pg_database WHERE datname = current_database())`) == 1
		})
		if err := killed.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = killed.Wait()
		if err := table.Rollback(); err != nil {
			t.Fatal(err)
		}
		output, err := migrateIn(address).Output()
		if want := fmt.Sprintf("migrated %s\n", last); err != nil || string(output) != want {
			t.Errorf("%s: the next process: %v, %q, want %q", name, err, output, want)
		}
	}
}

// A DATABASE_URL with what a shell would run is used as it is.
func TestHostileDatabaseURLIsReadAsItIs(t *testing.T) {
	dir := t.TempDir()
	url := os.Getenv("TEST_DATABASE_URL") + "&application_name=" +
		"$(touch " + dir + "/a)`touch " + dir + "/b`\"; touch " + dir + "/c; 'x' \\ $HOME"
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(url)
	file := filepath.Join(t.TempDir(), "minifb.env")
	content := "# a comment\nDATABASE_URL=other\nDATABASE_URL=\"" + quoted + "\"\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DATABASE_URL", "environment")
	if got, err := databaseURL([]string{file}); err != nil || got != url {
		t.Errorf("got %q, %v, want %q", got, err, url)
	}
	if got, err := databaseURL(nil); err != nil || got != "environment" {
		t.Errorf("without a file: %q, %v", got, err)
	}
	if got, err := databaseURL([]string{filepath.Join(dir, "none")}); err == nil {
		t.Errorf("a file that does not exist: %q", got)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("a command of the URL was run: %v, %v", left, err)
	}
}

// A URL of the functions is not one of the owner of the tables.
func TestURLOfFunctionsIsRefused(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://minifb_{function}@127.0.0.1:1/minifb")
	if code := run(t.Context(), nil); code != 2 {
		t.Errorf("the exit code is %d, want 2", code)
	}
}
