// Package pgbouncer runs a PgBouncer that pools transactions in front of the tests' PostgreSQL server.
package pgbouncer

import (
	"bytes"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"minifb/shared/ops/process"
	"minifb/shared/testkit/programs"
	"minifb/shared/testkit/testdb"
)

// A Pooler is a running PgBouncer. It serves every database of the server, for every role that the server had
// when it started.
type Pooler struct {
	URL string // of the database through the pooler, for the user of the URL that Start got

	cmd     *exec.Cmd
	stopped bool
	exited  chan struct{}
}

// Start runs a PgBouncer in front of the database with this URL until the test ends. The test fails if it ends
// before. settings are lines of pgbouncer.ini, such as "default_pool_size = 2".
func Start(t testing.TB, address string, settings ...string) *Pooler {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgb") // short enough for a socket
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := &Pooler{exited: make(chan struct{})}
	p.cmd = command(t, dir)
	must(t, os.WriteFile(filepath.Join(dir, "users"), roles(t, address), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "ini"), p.configuration(t, dir, address, settings), 0o600))
	if user := p.cmd.SysProcAttr.Credential; user != nil {
		for _, name := range []string{"", "users", "ini"} {
			must(t, os.Chown(filepath.Join(dir, name), int(user.Uid), int(user.Gid)))
		}
	}
	var output bytes.Buffer
	p.cmd.Stdout, p.cmd.Stderr = &output, &output
	must(t, process.Start(p.cmd, syscall.SIGKILL))
	go func() {
		_ = p.cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		if p.ended() && !p.stopped {
			t.Error("PgBouncer has ended before the test")
		}
		p.Stop()
		if t.Failed() {
			text := output.String()
			t.Logf("PgBouncer: %s", text[max(0, len(text)-5000):])
		}
	})
	programs.Until(t, "PgBouncer accepts connections", func() bool {
		c, err := new(net.Dialer).DialContext(t.Context(), "unix", filepath.Join(dir, ".s.PGSQL.6432"))
		if err == nil {
			_ = c.Close()
		}
		return err == nil || p.ended()
	})
	if p.ended() {
		t.Fatal("PgBouncer does not start")
	}
	return p
}

// Stop ends the PgBouncer and its connections. It may be called again.
func (p *Pooler) Stop() {
	p.stopped = true
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.exited
}

func (p *Pooler) ended() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// command returns the command that runs in dir. PgBouncer refuses to run as root, and then runs as Debian's
// user for PostgreSQL.
func command(t testing.TB, dir string) *exec.Cmd {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer" // which is not in the PATH of every user
	}
	cmd := exec.Command(program, "ini")
	cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		u, err := user.Lookup("postgres")
		must(t, err)
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		must(t, err)
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		must(t, err)
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return cmd
}

// configuration returns pgbouncer.ini, and sets the pooler's URL. The directory of the server's socket is passed as
// an open file: the user may not be able to reach it by its path.
func (p *Pooler) configuration(t testing.TB, dir, address string, settings []string) []byte {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	query := u.Query()
	host, port := u.Hostname(), u.Port()
	if sockets := query.Get("host"); sockets != "" {
		opened, err := os.Open(sockets)
		must(t, err)
		t.Cleanup(func() { _ = opened.Close() })
		p.cmd.ExtraFiles = []*os.File{opened}
		host, port = "/proc/self/fd/3", query.Get("port")
	}
	query.Set("host", dir)
	query.Set("port", "6432")
	query.Set("sslmode", "disable")
	query.Set("default_query_exec_mode", "exec")
	u.Host, u.RawQuery = "", query.Encode()
	p.URL = u.String()
	return fmt.Appendf(nil, `[databases]
* = host=%s port=%s
[pgbouncer]
unix_socket_dir = .
auth_type = trust
auth_file = users
pool_mode = transaction
max_client_conn = 1000
%s
`, host, port, strings.Join(settings, "\n"))
}

// roles returns the server's roles as PgBouncer reads them. The server asks none of them for a password but the
// owner of the tests' databases.
func roles(t testing.TB, address string) []byte {
	t.Helper()
	db := testdb.Open(t, address)
	defer db.Close()
	var users string
	must(t, db.QueryRowContext(t.Context(), `
		SELECT string_agg(format('"%s" "minifb"', rolname), E'\n') FROM pg_roles`).Scan(&users))
	return []byte(users + "\n")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
