package postgres

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"minifb/shared/ops/spawn"
)

const (
	port       = 5432 // only names the socket
	socketName = ".s.PGSQL.5432"
	longest    = 107 // bytes of a socket's path, on Linux
	logLimit   = 10 << 20
)

// A place is where one cluster lives. The server is given its folders as open files, and reaches them as /proc/self/fd/3 and 4: so
// it needs no rights on the folders above, and a clone in /root, which is closed to all others, serves
// without opening /root; nor does the length of the path or a comma within it matter.
type place struct {
	owner   owner
	home    string // Dir/postgres
	sockets string // home, or a folder with a short path
	opened  []*os.File
}

func newPlace(dir string) (*place, error) {
	p := &place{home: filepath.Join(dir, "postgres")}
	var err error
	if p.owner, err = ownerOf(p.home); err != nil {
		return nil, err
	}
	p.sockets = p.home
	if len(filepath.Join(p.home, socketName)) > longest {
		sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", p.owner.uid, p.home))
		name := fmt.Sprintf("minifb-%x", sum[:8])
		if p.sockets = filepath.Join(os.TempDir(), name); len(filepath.Join(p.sockets, socketName)) > longest {
			p.sockets = filepath.Join("/tmp", name)
		}
	}
	for _, folder := range []string{p.home, p.sockets} {
		if err := p.owner.own(folder); err != nil {
			return nil, err
		}
		if !hasProc() {
			continue
		}
		f, err := os.Open(folder)
		if err != nil {
			p.close()
			return nil, fmt.Errorf("open PostgreSQL's folder: %w", err)
		}
		p.opened = append(p.opened, f)
	}
	return p, nil
}

func (p *place) close() {
	for _, f := range p.opened {
		f.Close()
	}
}

func (p *place) data() string { return filepath.Join(p.home, "data") }

// seen is the path by which the server itself reaches what home holds.
func (p *place) seen(name string) string {
	if len(p.opened) == 0 {
		return filepath.Join(p.home, name)
	}
	return "/proc/self/fd/3/" + name
}

// version is the major version of PostgreSQL that made the data; 0 without data.
func (p *place) version() int {
	content, err := os.ReadFile(filepath.Join(p.data(), "PG_VERSION"))
	if err != nil {
		return 0
	}
	major, _ := strconv.Atoi(strings.TrimSpace(string(content)))
	return major
}

func (p *place) command(b Binaries, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(b.Dir, program), args...)
	cmd.Dir = "/" // the owner may have no way into ours
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = p.owner.credential()
	cmd.ExtraFiles = p.opened
	return cmd
}

// settings are given at each start, not kept in the data: so a newer version of this program can change them.
func (p *place) settings(fast bool) []string {
	sockets := "/proc/self/fd/4"
	if len(p.opened) == 0 {
		sockets = `"` + strings.ReplaceAll(p.sockets, `"`, `""`) + `"`
	}
	settings := []string{
		"listen_addresses=", "port=" + strconv.Itoa(port),
		"unix_socket_directories=" + sockets, "unix_socket_permissions=0700",
		"shared_buffers=128MB", "timezone=UTC", "log_timezone=UTC", "jit=off",
		"logging_collector=off", "log_destination=stderr",
		// Without these a failed statement is logged with its values, passwords' hashes and people's words among them.
		"log_min_error_statement=panic", "log_error_verbosity=terse",
	}
	if fast {
		settings = append(settings, "max_connections=300", "fsync=off", "synchronous_commit=off", "full_page_writes=off",
			"autovacuum_naptime=10min", "wal_level=minimal", "max_wal_senders=0")
	} else {
		settings = append(settings, "max_connections=200")
	}
	var args []string
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	return args
}

// create makes the cluster beside its place and moves it there whole, so that one half made is never taken for a cluster.
func (p *place) create(ctx context.Context, b Binaries, o Options) error {
	if entries, err := os.ReadDir(p.data()); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s holds files, but no database: move it away", p.data())
	}
	unfinished := filepath.Join(p.home, "unfinished")
	var out []byte
	var err error
	// Not every system has the locale C.UTF-8.
	for _, locale := range []string{"C.UTF-8", "C"} {
		if err := os.RemoveAll(unfinished); err != nil {
			return fmt.Errorf("clear up after an earlier run: %w", err)
		}
		args := []string{"-D", p.seen("unfinished"), "--username=" + User, "--auth=trust", "--encoding=UTF8", "--locale=" + locale}
		if o.Fast {
			args = append(args, "--no-sync")
		}
		out, err = p.run(ctx, p.command(b, "initdb", args...))
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("make a PostgreSQL cluster: %w\n%s", err, out)
	}
	if o.Database != "" {
		// The server's single-user mode needs neither a client nor a socket.
		cmd := p.command(b, "postgres", "--single", "-D", p.seen("unfinished"), "postgres")
		cmd.Stdin = strings.NewReader(`CREATE DATABASE "` + strings.ReplaceAll(o.Database, `"`, `""`) + "\"\n")
		if out, err := p.run(ctx, cmd); err != nil {
			return fmt.Errorf("make the database %s: %w\n%s", o.Database, err, out)
		} else if strings.Contains(string(out), "ERROR:") {
			return fmt.Errorf("make the database %s:\n%s", o.Database, out)
		}
	}
	if err := os.Remove(p.data()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("make a PostgreSQL cluster: %w", err)
	}
	if err := os.Rename(unfinished, p.data()); err != nil {
		return fmt.Errorf("make a PostgreSQL cluster: %w", err)
	}
	return nil
}

// run runs cmd to its end, or ctx's, and answers what it said.
func (p *place) run(ctx context.Context, cmd *exec.Cmd) ([]byte, error) {
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := spawn.Start(cmd, syscall.SIGTERM); err != nil {
		return nil, err
	}
	unhook := context.AfterFunc(ctx, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer unhook()
	err := cmd.Wait()
	return []byte(said.String()), errors.Join(ctx.Err(), err)
}

func (p *place) logPath() string { return filepath.Join(p.home, "log") }

// openLog opens what the server writes its log to; one that has grown past 10 MiB begins anew.
func (p *place) openLog() (*os.File, error) {
	mode := os.O_APPEND | os.O_WRONLY
	if info, err := os.Stat(p.logPath()); err == nil && info.Size() > logLimit {
		mode |= os.O_TRUNC
	}
	f, err := p.owner.openFile(p.logPath(), mode)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL's log: %w", err)
	}
	return f, nil
}

func (p *place) logTail() string {
	f, err := os.Open(p.logPath())
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > 2000 {
		_, _ = f.Seek(-2000, io.SeekEnd) // else the tail is the whole
	}
	content, _ := io.ReadAll(f) // the tail is a help; without it the error still names the file
	return strings.TrimSpace(string(content))
}
