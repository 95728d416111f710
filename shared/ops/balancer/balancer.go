// Package balancer runs HAProxy in front of several hosts, with the configuration that is rendered from the template.
package balancer

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"minifb/shared/ops/process"
	"minifb/shared/ops/render"
	"minifb/shared/ops/sam"
)

// A Balancer is a running HAProxy.
type Balancer struct {
	dir    string
	cmd    *exec.Cmd
	exited chan struct{}
}

// ErrNoHAProxy is returned if HAProxy is not installed.
var ErrNoHAProxy = errors.New("HAProxy is not installed on this machine; scripts/install haproxy installs it")

const (
	patience = 10 * time.Second // for HAProxy to start, reload or stop

	// In the folder.
	logName = "haproxy.log"
	socket  = "socket" // of the process that serves
	master  = "master" // the socket of the process that starts the others
)

// Start renders the configuration to the folder dir, starts HAProxy with it, and returns when it has a process that
// serves. It sets the socket in x; the other fields are the caller's. The path of dir may have 80 bytes.
func Start(ctx context.Context, dir string, t *sam.Template, x render.HAProxy) (*Balancer, error) {
	program, err := find()
	if err != nil {
		return nil, err
	}
	x.Socket = filepath.Join(dir, socket)
	var text bytes.Buffer
	if err := x.Configuration(&text, t); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		return nil, err
	}
	if output, err := exec.CommandContext(ctx, program, "-c", "-f", file).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("haproxy -c: %w\n%s", err, output)
	}
	log, err := process.OpenLog(filepath.Join(dir, logName))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(program, "-W", "-db", "-f", file, "-S", filepath.Join(dir, master))
	b := &Balancer{dir, cmd, make(chan struct{})}
	b.cmd.Stdout, b.cmd.Stderr = log, log
	if err := process.Start(b.cmd, syscall.SIGTERM); err != nil {
		return nil, fmt.Errorf("start HAProxy: %w", err)
	}
	go func() {
		_ = b.cmd.Wait() // the reason is in its log
		close(b.exited)
	}()
	if err := b.awaitProcess(ctx, 0); err != nil {
		b.Stop()
		return nil, err
	}
	return b, nil
}

// find returns the path of the machine's HAProxy.
func find() (string, error) {
	for _, name := range []string{"haproxy", "/usr/sbin/haproxy"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoHAProxy
}

// Log returns the path of HAProxy's log.
func (b *Balancer) Log() string { return filepath.Join(b.dir, logName) }

// Reload lets HAProxy read its configuration again, as `systemctl reload haproxy` does, and returns when a new process
// serves. The former one finishes its requests.
func (b *Balancer) Reload(ctx context.Context) error {
	former, err := b.processID()
	if err != nil {
		return err
	}
	if _, err := b.order(master, "reload"); err != nil {
		return err
	}
	return b.awaitProcess(ctx, former)
}

// awaitProcess waits until another process than the former one serves.
func (b *Balancer) awaitProcess(ctx context.Context, former int) error {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if pid, err := b.processID(); err == nil && pid != former {
			return nil
		}
		select {
		case <-b.exited:
			return fmt.Errorf("HAProxy has ended; see %s", b.Log())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return fmt.Errorf("no process of HAProxy serves within %s; see %s", patience, b.Log())
}

// processID returns the id of the process that serves. It is an error while HAProxy starts or reloads.
func (b *Balancer) processID() (int, error) {
	text, err := b.order(master, "show proc")
	if err != nil {
		return 0, err
	}
	if _, workers, ok := strings.Cut(text, "# workers\n"); ok {
		if id, _, ok := strings.Cut(workers, " "); ok {
			return strconv.Atoi(id)
		}
	}
	return 0, errors.New("HAProxy names no process that serves")
}

// A State is what the balancer knows about a host.
type State struct {
	Up       bool // whether it gets requests
	UnderWay int  // requests that it is serving
	Total    int  // requests that it has been sent
}

// States returns the hosts by their names, as the process that serves sees them.
func (b *Balancer) States() (map[string]State, error) {
	text, err := b.order(socket, "show stat")
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "# "))).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("read the statistics of HAProxy: %w", err)
	}
	states := map[string]State{}
	for _, row := range rows[1:] {
		field := map[string]string{}
		for i, name := range rows[0] {
			field[name] = row[i]
		}
		if field["pxname"] != "minifb" || field["type"] != "2" { // the hosts, and not their sum
			continue
		}
		underWay, err1 := strconv.Atoi(field["scur"])
		total, err2 := strconv.Atoi(field["stot"])
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("read the statistics of HAProxy: %w", err)
		}
		states[field["svname"]] = State{strings.HasPrefix(field["status"], "UP"), underWay, total}
	}
	return states, nil
}

// order sends an order to a socket in the folder, and returns the response.
func (b *Balancer) order(socket, text string) (string, error) {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: filepath.Join(b.dir, socket), Net: "unix"})
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, text+"\n"); err != nil {
		return "", err
	}
	_ = conn.CloseWrite() // otherwise it waits for another order
	response, err := io.ReadAll(conn)
	return string(response), err
}

// Stop stops HAProxy and waits for its end. It finishes the requests under way for up to 10 s.
func (b *Balancer) Stop() {
	for _, signal := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGTERM, syscall.SIGKILL} {
		_ = b.cmd.Process.Signal(signal) // it may have just exited
		select {
		case <-b.exited:
			return
		case <-time.After(patience):
		}
	}
}
