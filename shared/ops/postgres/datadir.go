package postgres

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"minifb/shared/ops/process"
)

const (
	port       = 5432 // only names the socket
	socketName = ".s.PGSQL.5432"
	maxSocket  = 107      // bytes of a socket's path, on Linux
	maxLog     = 10 << 20 // bytes; a longer log is emptied at the start
)

// LogName is the name of the server's log in Options.Dir.
const LogName = "postgres.log"

// A dataDir is the directory of one cluster. The server gets its directories as open files, and
// reaches them as /proc/self/fd/3 and 4. So it needs no permission on the directories above, such
// as a /root that only root can enter, and neither the length of the path nor a comma in it
// matters.
//
// The server's user can put links and other files into the directories at any time. So this
// process, which may be root, works in them only through os.Root, which follows no link that leads
// out. What it writes itself is in Options.Dir, which the server's user cannot change.
type dataDir struct {
	user    osUser
	parent  string // Options.Dir
	home    string // Options.Dir/postgres
	sockets string // home, or a directory with a shorter path
	opened  []*os.File
	roots   []*os.Root // of home and sockets
}

func newDataDir(parent string) (*dataDir, error) {
	d := &dataDir{parent: parent, home: filepath.Join(parent, "postgres")}
	var err error
	if d.user, err = userFor(d.home); err != nil {
		return nil, err
	}
	d.sockets = d.home
	if len(filepath.Join(d.home, socketName)) > maxSocket {
		sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", d.user.uid, d.home))
		name := fmt.Sprintf("minifb-%x", sum[:8])
		if d.sockets = filepath.Join(os.TempDir(), name); len(filepath.Join(d.sockets, socketName)) > maxSocket {
			d.sockets = filepath.Join("/tmp", name)
		}
	}
	for _, dir := range []string{d.home, d.sockets} {
		if err := d.open(dir); err != nil {
			d.close()
			return nil, err
		}
	}
	return d, nil
}

// open creates and opens home or sockets.
func (d *dataDir) open(dir string) error {
	f, err := d.user.makeDir(dir, dir != d.home)
	if err != nil {
		return err
	}
	if hasProc() {
		d.opened = append(d.opened, f)
		dir = fmt.Sprintf("/proc/self/fd/%d", f.Fd()) // what was checked, not what has the name now
	} else {
		defer f.Close()
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open PostgreSQL's directory: %w", err)
	}
	d.roots = append(d.roots, root)
	return nil
}

func (d *dataDir) close() {
	for _, f := range d.opened {
		f.Close()
	}
	for _, root := range d.roots {
		root.Close()
	}
}

// read returns the start of a file in home. It is the server's, which may make it anything.
func (d *dataDir) read(name string) string {
	f, err := d.roots[0].OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	content, _ := io.ReadAll(io.LimitReader(f, 4096)) // a part is not valid, as no file
	return string(content)
}

func (d *dataDir) data() string { return filepath.Join(d.home, "data") }

// serverPath returns the path by which the server reaches a file in home.
func (d *dataDir) serverPath(name string) string {
	if len(d.opened) == 0 {
		return filepath.Join(d.home, name)
	}
	return "/proc/self/fd/3/" + name
}

// version returns the major version of PostgreSQL that created the data; 0 without data.
func (d *dataDir) version() int {
	major, _ := strconv.Atoi(strings.TrimSpace(d.read("data/PG_VERSION")))
	return major
}

func (d *dataDir) command(b Binaries, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(b.Dir, program), args...)
	cmd.Dir = "/" // the user may not be able to enter the current one
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = d.user.attributes()
	cmd.ExtraFiles = d.opened
	return cmd
}

// settings returns the server's settings. They are arguments of each start, not kept with the data,
// so that a newer version of this program can change them.
func (d *dataDir) settings(o Options) []string {
	sockets := "/proc/self/fd/4"
	if len(d.opened) == 0 {
		sockets = `"` + strings.ReplaceAll(d.sockets, `"`, `""`) + `"`
	}
	settings := []string{
		"listen_addresses=", "port=" + strconv.Itoa(port),
		"unix_socket_directories=" + sockets, "unix_socket_permissions=0700",
		"shared_buffers=128MB", "timezone=UTC", "log_timezone=UTC",
		"logging_collector=off", "log_destination=stderr",
		// Without these a failed statement is logged with its values, such as password hashes and
		// posts.
		"log_min_error_statement=panic", "log_error_verbosity=terse",
	}
	if o.Fast {
		settings = append(settings, "max_connections=300",
			"fsync=off", "synchronous_commit=off", "full_page_writes=off",
			"autovacuum_naptime=10min", "wal_level=minimal", "max_wal_senders=0")
	} else {
		settings = append(settings, "max_connections=200")
	}
	var args []string
	for _, s := range append(settings, o.Settings...) {
		args = append(args, "-c", s)
	}
	return args
}

// create creates the cluster in another directory and renames it when it is complete, so that an
// interrupted call leaves nothing that looks like a cluster.
func (d *dataDir) create(ctx context.Context, b Binaries, o Options) error {
	home := d.roots[0]
	if entries, err := fs.ReadDir(home.FS(), "data"); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s holds files, but no database: move it away", d.data())
	}
	fill := d.initialize
	if o.StandbyOf != nil {
		fill = d.copyPrimary
	}
	if err := fill(ctx, b, o); err != nil {
		return fmt.Errorf("create a PostgreSQL cluster: %w", err)
	}
	if err := home.Remove("data"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("create a PostgreSQL cluster: %w", err)
	}
	if err := home.Rename("unfinished", "data"); err != nil {
		return fmt.Errorf("create a PostgreSQL cluster: %w", err)
	}
	return nil
}

// copyPrimary fills the directory "unfinished" with a copy of the primary, as a standby of it.
func (d *dataDir) copyPrimary(ctx context.Context, b Binaries, o Options) error {
	if err := d.roots[0].RemoveAll("unfinished"); err != nil {
		return fmt.Errorf("remove an unfinished cluster: %w", err)
	}
	out, err := d.run(ctx, d.command(b, "pg_basebackup", "--pgdata="+d.serverPath("unfinished"), "--checkpoint=fast",
		"--write-recovery-conf", "--no-sync", "--dbname="+o.StandbyOf.URL("")))
	if err != nil {
		return fmt.Errorf("copy the primary: %w\n%s", err, out)
	}
	return nil
}

// initialize fills the directory "unfinished" with a new cluster.
func (d *dataDir) initialize(ctx context.Context, b Binaries, o Options) error {
	home := d.roots[0]
	var out []byte
	var err error
	// Not every system has the locale C.UTF-8.
	for _, locale := range []string{"C.UTF-8", "C"} {
		if err := home.RemoveAll("unfinished"); err != nil {
			return fmt.Errorf("remove an unfinished cluster: %w", err)
		}
		args := []string{
			"-D", d.serverPath("unfinished"), "--username=" + User, "--auth=trust",
			"--encoding=UTF8", "--locale=" + locale,
		}
		if o.Fast {
			args = append(args, "--no-sync")
		}
		out, err = d.run(ctx, d.command(b, "initdb", args...))
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	if o.Database != "" {
		// The server's single-user mode needs neither a client nor a socket.
		cmd := d.command(b, "postgres", "--single", "-D", d.serverPath("unfinished"), "postgres")
		cmd.Stdin = strings.NewReader(`CREATE DATABASE "` + strings.ReplaceAll(o.Database, `"`, `""`) + "\"\n")
		if out, err := d.run(ctx, cmd); err != nil {
			return fmt.Errorf("create the database %s: %w\n%s", o.Database, err, out)
		} else if strings.Contains(string(out), "ERROR:") {
			return fmt.Errorf("create the database %s:\n%s", o.Database, out)
		}
	}
	return nil
}

// run runs cmd until it exits or ctx ends, and returns its output.
func (d *dataDir) run(ctx context.Context, cmd *exec.Cmd) ([]byte, error) {
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := process.Start(cmd, syscall.SIGTERM); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer stop()
	err := cmd.Wait()
	return []byte(output.String()), errors.Join(ctx.Err(), err)
}

func (d *dataDir) logPath() string { return filepath.Join(d.parent, LogName) }

// openLog opens the server's log. One longer than 10 MiB is emptied.
func (d *dataDir) openLog() (*os.File, error) {
	f, err := openOwn(d.logPath(), os.O_APPEND|os.O_WRONLY)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL's log: %w", err)
	}
	if info, err := f.Stat(); err == nil && info.Size() > maxLog {
		if err := f.Truncate(0); err != nil {
			f.Close()
			return nil, fmt.Errorf("empty PostgreSQL's log: %w", err)
		}
	}
	return f, nil
}

func (d *dataDir) logTail() string {
	f, err := os.Open(d.logPath())
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > 2000 {
		_, _ = f.Seek(-2000, io.SeekEnd) // without it the whole log is returned
	}
	content, _ := io.ReadAll(f) // only a help: the error names the file
	return strings.TrimSpace(string(content))
}

// openOwn opens a file of this process's own, and creates it if necessary. It refuses anything but
// a regular file with this one name, so that no link can make root write elsewhere.
func openOwn(path string, mode int) (*os.File, error) {
	f, err := os.OpenFile(path, mode|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.ENXIO) {
		return nil, fmt.Errorf("%s is not a regular file: remove it", path)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok || !info.Mode().IsRegular() || stat.Nlink != 1 {
			err = fmt.Errorf("%s is not a regular file with one name: remove it", path)
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
