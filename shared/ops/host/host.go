// Package host lets a folder of this machine stand for a host: it holds the functions' sockets and supervises their processes as the
// rendered systemd units do, under the same names, so that a deploy takes the same steps on both.
package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"minifb/shared/ops/sam"
)

// The folders within a host's root.
const (
	Releases = "opt" // <area>/current/bootstrap, and next
	Run      = "run" // <area>.sock, control.sock
	Settings = "etc" // minifb.env, <area>.env
	Logs     = "log" // <area>.log
)

const (
	longestRoot  = 70 // bytes, for the sockets' paths to fit into 107
	stopTimeout  = 20 * time.Second
	restartPause = 100 * time.Millisecond
)

// StartTimeout is how long systemd gives a function to say that it is ready.
const StartTimeout = 10 * time.Second

// A Host is a running one.
type Host struct {
	root     string
	patience time.Duration
	units    map[string]*unit
	server   *http.Server
	sockets  []*os.File
	served   chan struct{}
}

// Start holds the sockets of all of the template's functions, starts those that have a current release, and takes orders at
// run/control.sock until Stop:
//
//	POST /start/post    also stop, restart; and post-check, post-next. It answers when the process is ready, or has ended
//	GET  /units         a line each: its name, active or not, its process id, since when
//
// A process may take patience, such as StartTimeout, to get ready. One host may run in a root at a time.
func Start(root string, t *sam.Template, patience time.Duration) (*Host, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	if len(root) > longestRoot {
		return nil, fmt.Errorf("the root's path is longer than %d bytes, too long for the sockets within: %s", longestRoot, root)
	}
	for _, folder := range []string{Releases, Run, Settings, Logs} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil { //nolint:gosec // nothing secret is directly in them
			return nil, err
		}
	}
	h := &Host{root: root, patience: patience, units: map[string]*unit{}, served: make(chan struct{})}
	control, err := h.listenControl()
	if err != nil {
		return nil, err
	}
	for _, f := range t.Functions {
		if err := h.add(t, f); err != nil {
			h.release()
			_ = control.Close()
			return nil, err
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{verb}/{unit}", h.order)
	mux.HandleFunc("GET /units", h.list)
	h.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	go func() {
		defer close(h.served)
		_ = h.server.Serve(control) // until Stop
	}()
	for _, f := range t.Functions {
		if _, err := os.Stat(filepath.Join(root, Releases, f.Area, "current")); err == nil {
			h.units[f.Area].begin()
		}
	}
	return h, nil
}

// listenControl also makes sure that the root is nobody else's: a socket that answers has an owner.
func (h *Host) listenControl() (net.Listener, error) {
	path := filepath.Join(h.root, Run, "control.sock")
	dialer := net.Dialer{Timeout: time.Second}
	if c, err := dialer.DialContext(context.Background(), "unix", path); err == nil {
		_ = c.Close()
		return nil, fmt.Errorf("%s is served by another process already", h.root)
	}
	_ = os.Remove(path) // of one that was killed
	config := net.ListenConfig{}
	listener, err := config.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for orders: %w", err)
	}
	return listener, os.Chmod(path, 0o600)
}

func (h *Host) add(t *sam.Template, f sam.Function) error {
	path := filepath.Join(h.root, Run, f.Area+".sock")
	_ = os.Remove(path)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return fmt.Errorf("listen for %s: %w", f.Area, err)
	}
	listener.SetUnlinkOnClose(false)
	socket, err := listener.File()
	if err = errors.Join(err, listener.Close(), os.Chmod(path, 0o660)); err != nil { //nolint:gosec // nginx is of the group
		return fmt.Errorf("listen for %s: %w", f.Area, err)
	}
	h.sockets = append(h.sockets, socket)
	environment := t.Environment(f, func(string) (string, bool) { return "", false })
	for _, role := range []struct {
		name, link string
		passed     *os.File
		keep       bool
	}{{f.Area, "current", socket, true}, {f.Area + "-next", "next", socket, false}, {f.Area + "-check", "next", nil, false}} {
		u := &unit{
			name: role.name, area: f.Area, root: h.root, passed: role.passed, keep: role.keep, environment: environment,
			patience: h.patience,
			binary:   filepath.Join(h.root, Releases, f.Area, role.link, "bootstrap"),
		}
		if role.passed == nil {
			u.listen = "unix:" + filepath.Join(h.root, Run, role.name+".sock")
		}
		h.units[role.name] = u
	}
	return nil
}

func (h *Host) order(w http.ResponseWriter, r *http.Request) {
	u := h.units[r.PathValue("unit")]
	if u == nil {
		http.Error(w, "there is no unit "+r.PathValue("unit"), http.StatusNotFound)
		return
	}
	var err error
	switch r.PathValue("verb") {
	case "start":
		err = u.start()
	case "stop":
		u.stop()
	case "restart":
		u.stop()
		err = u.start()
	default:
		http.Error(w, "start, stop or restart", http.StatusNotFound)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (h *Host) list(w http.ResponseWriter, _ *http.Request) {
	for _, u := range h.units {
		fmt.Fprintln(w, u)
	}
}

// PID is the process id of a unit; 0 while it has none.
func (h *Host) PID(name string) int {
	pid, _ := h.units[name].state()
	return pid
}

// Stop drains every function and gives the sockets up.
func (h *Host) Stop() {
	_ = h.server.Close()
	<-h.served
	done := make(chan struct{})
	for _, u := range h.units {
		go func() {
			u.stop()
			done <- struct{}{}
		}()
	}
	for range h.units {
		<-done
	}
	h.release()
}

func (h *Host) release() {
	for _, s := range h.sockets {
		_ = s.Close()
	}
}

// settings reads a file of NAME=value lines as systemd does, in plain cases: quotes around a value are taken off.
func settings(path string) []string {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil // it is optional; a function names what it misses
	}
	var list []string
	for line := range strings.Lines(string(content)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
		}
		list = append(list, name+"="+value)
	}
	return list
}
