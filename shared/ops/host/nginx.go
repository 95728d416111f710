package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"minifb/shared/ops/process"
	"minifb/shared/ops/render"
	"minifb/shared/ops/sam"
)

// An Nginx is a running nginx in front of a host's functions.
type Nginx struct {
	cmd    *exec.Cmd
	exited chan struct{}
}

// ErrNoNginx is returned if nginx is not installed.
var ErrNoNginx = errors.New("nginx is not installed on this machine; scripts/install nginx installs it")

// FindNginx returns the path of the machine's nginx, or ErrNoNginx.
func FindNginx() (string, error) {
	for _, name := range []string{"nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoNginx
}

// StartNginx renders the configuration of the host in root to root/nginx, starts nginx with it, and
// returns when nginx accepts connections at n.Listen, an address and a port. It sets the paths in
// n; the other fields are the caller's.
func StartNginx(root string, t *sam.Template, n render.Nginx) (*Nginx, error) {
	program, err := FindNginx()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(root, "nginx")
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // nginx's workers may run as another user
		return nil, err
	}
	n.Sockets, n.State, n.Logs, n.PID = filepath.Join(root, Run), dir, dir, filepath.Join(dir, "pid")
	n.Refused, n.Draining = RefusedLog(root), filepath.Join(root, Settings, "draining")
	if os.Geteuid() == 0 {
		n.User = "root" // the owner of the sockets
	}
	var text bytes.Buffer
	if err := n.Configuration(&text, t); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		return nil, err
	}
	arguments := []string{"-c", file, "-p", dir, "-e", filepath.Join(dir, "error.log")}
	if output, err := exec.Command(program, append(arguments, "-t", "-q")...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("nginx -t: %w\n%s", err, output)
	}
	x := &Nginx{exec.Command(program, append(arguments, "-g", "daemon off;")...), make(chan struct{})}
	var output bytes.Buffer
	x.cmd.Stderr = &output
	if err := process.Start(x.cmd, syscall.SIGTERM); err != nil {
		return nil, fmt.Errorf("start nginx: %w", err)
	}
	go func() {
		_ = x.cmd.Wait() // the reason is in its log
		close(x.exited)
	}()
	dialer := net.Dialer{Timeout: time.Second}
	for range 500 {
		if c, err := dialer.DialContext(context.Background(), "tcp", n.Listen); err == nil {
			return x, c.Close()
		}
		select {
		case <-x.exited:
			return nil, fmt.Errorf("nginx exited at once: %s", output.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	x.Stop()
	return nil, fmt.Errorf("nginx does not listen at %s", n.Listen)
}

// RefusedLog returns the path of the log of refused requests of the host in root.
func RefusedLog(root string) string { return filepath.Join(root, "nginx", "refused.log") }

// Stop stops nginx and waits for its end. nginx finishes the requests under way for up to 5 s.
func (n *Nginx) Stop() {
	for _, signal := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGKILL} {
		_ = n.cmd.Process.Signal(signal) // it may have just exited
		select {
		case <-n.exited:
			return
		case <-time.After(5 * time.Second):
		}
	}
}

// Kill kills nginx and its workers at once, as the loss of the host's power does.
func (n *Nginx) Kill() {
	// The first signal only asks whether the process, and so its group, still exists.
	if n.cmd.Process.Signal(syscall.Signal(0)) == nil {
		_ = syscall.Kill(-n.cmd.Process.Pid, syscall.SIGKILL) // it may have exited since
	}
}

// Reload lets nginx read its configuration again, as `systemctl reload nginx` does. New workers replace the present
// ones, which finish their requests.
func (n *Nginx) Reload() error { return n.cmd.Process.Signal(syscall.SIGHUP) }

// FreePort returns a TCP address of this machine at which nothing listened a moment ago.
func FreePort() (string, error) {
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
