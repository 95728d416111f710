// Package cluster keeps a private PostgreSQL server, made from the machine's own programs and reachable through a unix socket
// alone. Its folder and its socket are open to their owner and to root; therefore the server asks for no password.
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

	"minifb/shared/ops/spawn"
)

// User is the server's superuser, whom URL names.
const User = "postgres"

// Options say where the server keeps its data and how it runs.
type Options struct {
	Dir      string // all is kept in Dir/postgres; made if it is not there
	Database string // is made with the cluster; unset: postgres alone is there
	// Fast gives durability up for speed and allows 300 connections: for tests. Otherwise every commit is on disk before it is
	// answered, and 200 connections are allowed.
	Fast bool
}

// A Cluster is a running server. It stops with the context it was started with.
type Cluster struct {
	sockets string
	cancel  context.CancelFunc
	done    chan struct{}
	mu      sync.Mutex
	err     error
}

// Start makes the cluster if Dir has none, ends what a killed run left there, and starts the server. It returns when the
// server takes connections, after some 0.2 s, or 2 s at the first time. Cancelling ctx stops the server as Stop does. It fails with
// ErrNoPostgres where PostgreSQL is not installed, where another process runs this very cluster, and where the data is of a version that is not
// installed. PostgreSQL refuses root: root's server runs as the folder's owner, else as postgres or nobody.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // what is within is closed itself
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	p, err := newPlace(dir)
	if err != nil {
		return nil, err
	}
	defer p.close()
	lock, err := p.owner.takeLock(filepath.Join(p.home, "lock"))
	if err != nil {
		return nil, err
	}
	c, err := p.start(ctx, o, lock)
	if err != nil {
		lock.Close()
		return nil, err
	}
	return c, nil
}

func (p *place) start(ctx context.Context, o Options, lock *os.File) (*Cluster, error) {
	found, err := Find()
	if err != nil {
		return nil, err
	}
	programs, err := pick(found, p.version(), p.home)
	if err != nil {
		return nil, err
	}
	if err := stopLeftovers(p.data(), p.sockets); err != nil {
		return nil, err
	}
	if p.version() == 0 {
		if err := p.create(ctx, programs, o); err != nil {
			return nil, err
		}
	}
	log, err := p.openLog()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	server := p.command(programs, "postgres", append([]string{"-D", p.seen("data")}, p.settings(o.Fast)...)...)
	server.Stdout, server.Stderr = log, log
	if err := spawn.Start(server, syscall.SIGINT); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	c := &Cluster{sockets: p.sockets, cancel: cancel, done: make(chan struct{})}
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
		if p.sockets != p.home {
			_ = os.Remove(p.sockets) // best effort: it is empty where the server ended well
		}
		lock.Close()
		close(c.done)
	}()
	if err := p.awaitReady(ctx, server.Process.Pid, exited); err != nil {
		_ = c.Stop() // what matters is why it did not get ready
		return nil, err
	}
	return c, nil
}

// shutDown asks for a fast shutdown, which ends the sessions and writes a checkpoint; then for an immediate one.
func shutDown(server *exec.Cmd, exited <-chan struct{}) {
	for _, step := range []struct {
		signal syscall.Signal
		atMost time.Duration
	}{{syscall.SIGINT, 20 * time.Second}, {syscall.SIGQUIT, 5 * time.Second}, {syscall.SIGKILL, time.Minute}} {
		_ = server.Process.Signal(step.signal) // it may have just ended
		select {
		case <-exited:
			return
		case <-time.After(step.atMost):
		}
	}
}

// awaitReady waits until the server's own file says that it takes connections.
func (p *place) awaitReady(ctx context.Context, pid int, exited <-chan struct{}) error {
	const atMost = 5 * time.Minute // replaying the log after a crash may take long
	deadline := time.After(atMost)
	for {
		// The eighth line is the state, blank-padded.
		content, _ := os.ReadFile(filepath.Join(p.data(), "postmaster.pid")) // not there yet is not ready yet
		lines := strings.Split(string(content), "\n")
		if len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready" && lines[0] == strconv.Itoa(pid) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("start PostgreSQL: %w", ctx.Err())
		case <-exited:
			return fmt.Errorf("PostgreSQL did not start; the end of %s:\n%s", p.logPath(), p.logTail())
		case <-deadline:
			return fmt.Errorf("PostgreSQL is not ready after %s; see %s", atMost, p.logPath())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// URL is the connection string of one of the server's databases.
func (c *Cluster) URL(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.User(User), Path: "/" + database,
		RawQuery: url.Values{"host": {c.sockets}, "port": {strconv.Itoa(port)}, "sslmode": {"disable"}}.Encode(),
	}
	return u.String()
}

// Done is closed when the server has ended, whether asked to or not.
func (c *Cluster) Done() <-chan struct{} { return c.done }

// Stop ends all sessions, stops the server and waits for it: 20 s at most before it is forced to. Its error is how the server
// ended, if not well. It may be called again.
func (c *Cluster) Stop() error {
	c.cancel()
	<-c.done
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return fmt.Errorf("PostgreSQL ended badly: %w", c.err)
	}
	return nil
}
