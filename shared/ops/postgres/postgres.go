// Package postgres runs a private PostgreSQL server with the programs that are installed on the
// machine. It listens on a unix socket only. Its directory and its socket are open only to their
// owner and to root, so the server asks for no password.
package postgres

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"minifb/shared/config"
	"minifb/shared/ops/process"
)

// User is the server's superuser, which URL connects as.
const User = "postgres"

// Options describe where the server keeps its data and how it runs.
type Options struct {
	Dir      string   // the cluster is kept in Dir/postgres, which is created if necessary
	Programs string   // the directory of the server's programs; empty: those that Find prefers
	Database string   // created with the cluster, besides the database postgres; may be empty
	Fast     bool     // for tests: commits do not wait for the disk, and 300 connections are allowed instead of 200
	Env      []string // variables that the server gets besides its own; usually none
	Settings []string // such as wal_level=replica; they take precedence over all others
	// StandbyOf makes the server a standby, whose cluster is created as a copy of this one's. The operating system's
	// user that PostgreSQL runs as must be able to reach the other's directory. Fast servers allow no standby, unless
	// Settings raise wal_level and max_wal_senders.
	StandbyOf *Cluster
}

// A Cluster is a running server. It is safe for concurrent use.
type Cluster struct {
	major   int
	pid     int
	sockets string
	cancel  context.CancelFunc
	done    chan struct{}
	mu      sync.Mutex
	err     error
}

// Start creates the cluster if Dir has none, stops what a killed run left there, and starts the
// server. It returns when the server accepts connections, after about 0.2 s, or 2 s the first time.
// When ctx ends, the server is stopped as by Stop. It is an error if PostgreSQL is not installed
// (errNoPostgres), if another process runs this cluster, or if the data was created by a version
// that is not installed. For root, which PostgreSQL refuses, the server runs as the owner of the
// directory, as postgres or as nobody.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // what is in it is private
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	d, err := newDataDir(dir)
	if err != nil {
		return nil, err
	}
	defer d.close()
	lock, err := d.takeLock()
	if err != nil {
		return nil, err
	}
	c, err := d.start(ctx, o, lock)
	if err != nil {
		lock.Close()
		return nil, err
	}
	return c, nil
}

// programs returns the programs for the cluster in d.
func (o Options) programs(d *dataDir) (Binaries, error) {
	if o.Programs != "" {
		return inspect(o.Programs)
	}
	found, err := Find()
	if err != nil {
		return Binaries{}, err
	}
	return pick(found, d.version(), d.home)
}

func (d *dataDir) start(ctx context.Context, o Options, lock *os.File) (*Cluster, error) {
	programs, err := o.programs(d)
	if err != nil {
		return nil, err
	}
	if err := d.stopStaleProcesses(); err != nil {
		return nil, err
	}
	if d.version() == 0 {
		if err := d.create(ctx, programs, o); err != nil {
			return nil, err
		}
	}
	log, err := d.openLog()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	server := d.command(programs, "postgres", append([]string{"-D", d.serverPath("data")}, d.settings(o)...)...)
	server.Stdout, server.Stderr = log, log
	server.Env = append(server.Env, o.Env...)
	if err := process.Start(server, syscall.SIGINT); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	c := &Cluster{
		major: programs.Major, pid: server.Process.Pid, sockets: d.sockets, cancel: cancel, done: make(chan struct{}),
	}
	exited := make(chan struct{})
	go func() {
		err := server.Wait()
		c.mu.Lock()
		c.err = err
		c.mu.Unlock()
		close(exited)
	}()
	go func() {
		select {
		case <-ctx.Done():
			shutDown(server, exited)
		case <-exited:
		}
		cancel()
		if d.sockets != d.home {
			_ = os.Remove(d.sockets) // fails if the server has not removed its socket
		}
		lock.Close()
		close(c.done)
	}()
	if err := d.awaitReady(ctx, server.Process.Pid, exited); err != nil {
		_ = c.Stop() // the other error is the cause
		return nil, err
	}
	return c, nil
}

// shutDown requests a fast shutdown, which ends the sessions and writes a checkpoint. If that takes
// too long it requests an immediate one, and then kills the server.
func shutDown(server *exec.Cmd, exited <-chan struct{}) {
	for _, step := range []struct {
		signal syscall.Signal
		atMost time.Duration
	}{{syscall.SIGINT, 20 * time.Second}, {syscall.SIGQUIT, 5 * time.Second}, {syscall.SIGKILL, time.Minute}} {
		_ = server.Process.Signal(step.signal) // it may have just exited
		select {
		case <-exited:
			return
		case <-time.After(step.atMost):
		}
	}
}

// awaitReady waits until postmaster.pid says that the server accepts connections.
func (d *dataDir) awaitReady(ctx context.Context, pid int, exited <-chan struct{}) error {
	const atMost = 5 * time.Minute // recovery after a crash may take long
	deadline := time.After(atMost)
	for {
		// The eighth line is the state, padded with blanks.
		lines := strings.Split(d.read("data/postmaster.pid"), "\n") // it does not exist at first
		if len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready" && lines[0] == strconv.Itoa(pid) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("start PostgreSQL: %w", ctx.Err())
		case <-exited:
			return fmt.Errorf("PostgreSQL did not start; the end of %s:\n%s", d.logPath(), d.logTail())
		case <-deadline:
			return fmt.Errorf("PostgreSQL is not ready after %s; see %s", atMost, d.logPath())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Version returns the server's major version.
func (c *Cluster) Version() int { return c.major }

// PID returns the process id of the postmaster, the parent of the server's other processes.
func (c *Cluster) PID() int { return c.pid }

// URL returns the URL of one of the server's databases.
func (c *Cluster) URL(database string) string { return URL(database, c) }

// URL returns the URL of a database of several servers, of which clients use the one that takes writes; of one server,
// that one.
func URL(database string, servers ...*Cluster) string {
	var hosts, ports []string
	for _, c := range servers {
		hosts, ports = append(hosts, c.sockets), append(ports, strconv.Itoa(port))
	}
	query := url.Values{
		"host": {strings.Join(hosts, ",")}, "port": {strings.Join(ports, ",")}, "sslmode": {"disable"},
	}
	if len(servers) > 1 {
		query.Set("target_session_attrs", "read-write")
	}
	u := url.URL{
		Scheme: "postgres", User: url.User(User), Path: "/" + database,
		RawQuery: strings.ReplaceAll(query.Encode(), "+", "%20"), // neither pgx nor libpq reads + as a space
	}
	return u.String()
}

// FunctionsURL returns the URL of a database with the role of each function as its user, without a
// password: postgres://minifb_{function}@host/database. It is an error if address is not a URL.
func FunctionsURL(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("the database's URL: %w", err)
	}
	u.User = nil // String would encode the braces of a user
	return strings.Replace(u.String(), "://", "://minifb_"+config.FunctionPlaceholder+"@", 1), nil
}

// Done returns a channel that is closed when the server has exited, after Stop or by itself.
func (c *Cluster) Done() <-chan struct{} { return c.done }

// Crash kills the postmaster and waits until it has exited. The server's other processes end by themselves. Stop
// returns an error afterwards.
func (c *Cluster) Crash() error {
	if err := syscall.Kill(c.pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill PostgreSQL: %w", err)
	}
	<-c.done
	return nil
}

// Stop ends all sessions, stops the server and waits until it has exited. After 20 s the server is
// forced to exit. It is an error if the server did not exit cleanly. Stop may be called again.
func (c *Cluster) Stop() error {
	c.cancel()
	<-c.done
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return fmt.Errorf("PostgreSQL did not exit cleanly: %w", c.err)
	}
	return nil
}
