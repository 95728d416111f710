package postgres_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"minifb/shared/ops/postgres"
	"minifb/shared/testkit/programs"
)

// An archived is a PostgreSQL with the settings of scripts/archive.conf. pgBackRest archives its WAL into a folder,
// without encryption, and keeps backups as docs/backups.md says.
type archived struct {
	dir, programs string
	attributes    *syscall.SysProcAttr
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// newArchived creates the database and the repository.
func newArchived(t *testing.T) archived {
	t.Helper()
	found, err := postgres.Find()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "mfa") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	a := archived{dir: dir, programs: found[len(found)-1].Dir, attributes: &syscall.SysProcAttr{}}
	if os.Geteuid() == 0 { // PostgreSQL refuses to run as root
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		a.attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	text := fmt.Sprintf(`[global]
repo1-path=%[1]s/repository
log-path=%[1]s
lock-path=%[1]s/lock
spool-path=%[1]s/spool
start-fast=y
repo1-retention-full-type=time
repo1-retention-full=14
[minifb]
pg1-path=%[1]s/data
pg1-socket-path=%[1]s
pg1-user=postgres
`, dir)
	// The server's user may not be able to read this checkout.
	for name, content := range map[string]string{
		"pgbackrest.conf": text,
		"archive-backup":  read(t, "../../../scripts/archive-backup"),
		"own.conf": read(t, "../../../scripts/archive.conf") +
			"listen_addresses = ''\nunix_socket_directories = '" + dir + "'\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a.run(t, filepath.Join(a.programs, "initdb"), "--pgdata=data", "--username=postgres", "--auth=trust", "--no-sync")
	a.run(t, "sh", "-c", `echo "include '$PWD/own.conf'" >>data/postgresql.conf`)
	a.control(t, "start")
	t.Cleanup(func() { a.control(t, "-m", "immediate", "stop") })
	return a
}

func (a archived) command(program string, arguments ...string) *exec.Cmd {
	cmd := exec.Command(program, arguments...)
	cmd.Dir, cmd.SysProcAttr = a.dir, a.attributes
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "PGBACKREST_CONFIG=" + a.dir + "/pgbackrest.conf"}
	return cmd
}

func (a archived) run(t *testing.T, program string, arguments ...string) string {
	t.Helper()
	output, err := a.command(program, arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", program, arguments, err, output)
	}
	return strings.TrimSpace(string(output))
}

// control starts the server, or kills it.
func (a archived) control(t *testing.T, arguments ...string) {
	t.Helper()
	arguments = append([]string{"-D", a.dir + "/data", "-l", a.dir + "/server.log", "-w", "-t", "120"}, arguments...)
	a.run(t, filepath.Join(a.programs, "pg_ctl"), arguments...)
}

func (a archived) sql(t *testing.T, statement string) string {
	t.Helper()
	return a.run(t, filepath.Join(a.programs, "psql"), "-h", a.dir, "-U", "postgres", "-qAtX", "-c", statement)
}

func (a archived) pgbackrest(t *testing.T, arguments ...string) string {
	t.Helper()
	return a.run(t, "pgbackrest", append([]string{"--stanza=minifb"}, arguments...)...)
}

// A database that is lost with its disk is restored to a chosen time, from the backup of scripts/archive-backup and the
// WAL that was archived after it.
func TestPointInTimeRestore(t *testing.T) {
	t.Parallel()
	a := newArchived(t)
	a.pgbackrest(t, "stanza-create")
	a.run(t, "sh", "archive-backup", a.dir)
	ended := a.sql(t, `SELECT extract(epoch FROM clock_timestamp())::bigint`)
	programs.Until(t, "the second in which the backup ended is over: pgBackRest restores to later ones", func() bool {
		return a.sql(t, `SELECT floor(extract(epoch FROM clock_timestamp())) > `+ended) == "t"
	})
	a.sql(t, `CREATE TABLE rows AS SELECT 'before' AS text`)
	target := a.sql(t, `SELECT clock_timestamp()`)
	a.sql(t, `INSERT INTO rows VALUES ('after')`)
	wal := a.sql(t, `SELECT pg_walfile_name(pg_switch_wal())`)
	programs.Until(t, "the last WAL is archived", func() bool {
		return a.sql(t, `SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver`) >= wal
	})
	a.control(t, "-m", "immediate", "stop")
	if err := os.RemoveAll(filepath.Join(a.dir, "data")); err != nil {
		t.Fatal(err)
	}
	a.pgbackrest(t, "--type=time", "--target="+target, "--target-action=promote", "restore")
	a.control(t, "start")
	programs.Until(t, "the recovery ends", func() bool { return a.sql(t, `SELECT pg_is_in_recovery()`) == "f" })
	if got := a.sql(t, `SELECT string_agg(text, ' ') FROM rows`); got != "before" {
		t.Errorf("the restored table has %q, want the row from before the chosen time alone", got)
	}
	a.pgbackrest(t, "check") // the new timeline is archived, too
	const name = "minifb_archive_success_timestamp_seconds "
	if metric := read(t, a.dir+"/archive.prom"); !strings.HasPrefix(metric, name) {
		t.Errorf("the backup leaves the metric %q", metric)
	}
}
