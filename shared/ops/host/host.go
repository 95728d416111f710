// Package host makes a directory of this machine stand for a host. It holds the functions' sockets
// and supervises their processes under the names of the rendered systemd units, so that a deploy
// takes the same steps on both.
package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"minifb/shared/ops/envfile"
	"minifb/shared/ops/process"
	"minifb/shared/ops/sam"
	"minifb/shared/ops/schedule"
)

// The directories within a host's root.
const (
	Releases = "opt" // <area>/current/bootstrap, and <area>/next/bootstrap
	Run      = "run" // <area>.sock, control.sock
	Settings = "etc" // minifb.env, <area>.env
	Logs     = "log" // <unit>.log
)

const (
	maxRoot     = 70 // bytes, so that the sockets' paths do not exceed 107
	stopTimeout = 20 * time.Second
)

// StartTimeout is how long systemd waits for a function to report that it is ready.
const StartTimeout = 10 * time.Second

// A Host is a running host. It is safe for concurrent use.
type Host struct {
	root         string
	startTimeout time.Duration
	logf         func(format string, args ...any)
	units        map[string]*process.Unit
	sockets      []*process.Socket
	schedules    *schedule.Caller
	server       *http.Server
	served       chan struct{} // closed when the server has returned
}

// Start holds the sockets of all of the template's functions, starts those that have a current
// release, calls the schedules of those that run, and takes orders at run/control.sock until Stop:
//
//	POST /start/post    also stop and restart, and post-check and post-next for post
//	GET  /units         a line for each unit: name, active or inactive, process id, start time
//
// A start returns when the process has reported that it is ready, which may take startTimeout. It
// is an error if another host runs in the root. logf is called when a process dies or is killed.
func Start(
	root string, t *sam.Template, startTimeout time.Duration, logf func(format string, args ...any),
) (*Host, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	if len(root) > maxRoot {
		return nil, fmt.Errorf("the path %s is too long for the sockets within: it may have %d bytes", root, maxRoot)
	}
	for _, dir := range []string{Releases, Run, Settings, Logs} {
		err := os.MkdirAll(filepath.Join(root, dir), 0o755) //nolint:gosec // no secret is directly in them
		if err != nil {
			return nil, err
		}
	}
	h := &Host{
		root: root, startTimeout: startTimeout, logf: logf,
		units: map[string]*process.Unit{}, served: make(chan struct{}),
	}
	control, err := h.listenControl()
	if err != nil {
		return nil, err
	}
	for _, f := range t.Functions {
		if err = h.add(t, f); err != nil {
			break
		}
	}
	if err == nil {
		err = h.startCurrent(t)
	}
	if err != nil {
		_ = control.Close()
		h.stopUnits()
		return nil, err
	}
	h.serve(control)
	h.schedules = schedule.Start(schedule.Options{
		Template: t, Socket: h.socket, Running: h.running, Logf: logf,
	})
	return h, nil
}

// socket returns the path of a function's socket.
func (h *Host) socket(area string) string { return filepath.Join(h.root, Run, area+".sock") }

// running returns true if the function has a process.
func (h *Host) running(area string) bool {
	return h.units[area].PID() != 0 || h.units[area+"-next"].PID() != 0
}

// listenControl also makes sure that no other host runs in the root: its control socket would
// accept a connection.
func (h *Host) listenControl() (net.Listener, error) {
	path := filepath.Join(h.root, Run, "control.sock")
	dialer := net.Dialer{Timeout: time.Second}
	if c, err := dialer.DialContext(context.Background(), "unix", path); err == nil {
		_ = c.Close()
		return nil, fmt.Errorf("another process already serves %s", h.root)
	}
	_ = os.Remove(path) // a killed process may have left it
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for orders: %w", err)
	}
	return listener, os.Chmod(path, 0o600)
}

// add holds the function's socket and adds its three units: the current release, the next one at
// the same socket, and the next one at a socket of its own, where it is checked.
func (h *Host) add(t *sam.Template, f sam.Function) error {
	run := filepath.Join(h.root, Run)
	socket, err := process.Listen(h.socket(f.Area))
	if err != nil {
		return fmt.Errorf("listen for %s: %w", f.Area, err)
	}
	h.sockets = append(h.sockets, socket)
	defaults := t.Environment(f, func(name string) (string, bool) { return RefusedLog(h.root), name == "RefusedLog" })
	add := func(name, release string, socket *process.Socket, restart bool, more ...string) {
		h.units[name] = process.New(process.Options{
			Name: name, Binary: filepath.Join(h.root, Releases, f.Area, release, "bootstrap"),
			Socket: socket, Listen: filepath.Join(run, name+".sock"), Notify: filepath.Join(run, name+".notify"),
			Log: filepath.Join(h.root, Logs, name+".log"), Restart: restart, Logf: h.logf,
			Env: func() []string {
				return slices.Concat(defaults, h.readEnvironment("minifb.env"), h.readEnvironment(f.Area+".env"), more)
			},
		})
	}
	add(f.Area, "current", socket, true)
	add(f.Area+"-next", "next", socket, false)
	add(f.Area+"-check", "next", nil, false, "REHEARSE=on")
	return nil
}

// readEnvironment reads a file of variables as systemd does. The file is optional; a function
// reports the variables that it misses.
func (h *Host) readEnvironment(name string) (variables []string) {
	content, err := os.ReadFile(filepath.Join(h.root, Settings, name))
	if err != nil {
		return nil
	}
	return envfile.Parse(string(content))
}

// startCurrent starts the functions that have a current release, and does not wait for them.
func (h *Host) startCurrent(t *sam.Template) error {
	for _, f := range t.Functions {
		if _, err := os.Stat(filepath.Join(h.root, Releases, f.Area, "current")); errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err := h.units[f.Area].Start(); err != nil {
			return err
		}
	}
	return nil
}

// Unit returns the unit of this name, such as post or post-next; nil if there is none.
func (h *Host) Unit(name string) *process.Unit { return h.units[name] }

// Stop stops every unit, after it has finished its requests, and removes the sockets.
func (h *Host) Stop() {
	h.schedules.Stop()
	_ = h.server.Close()
	<-h.served
	h.stopUnits()
}

func (h *Host) stopUnits() {
	units := make([]*process.Unit, 0, len(h.units))
	for _, u := range h.units {
		units = append(units, u)
	}
	process.StopAll(units, stopTimeout)
	for _, s := range h.sockets {
		_ = s.Close() // nothing can be done about it
	}
}
