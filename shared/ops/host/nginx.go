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

	"minifb/shared/ops/render"
	"minifb/shared/ops/sam"
	"minifb/shared/ops/spawn"
)

// An Nginx is one that runs before a host's functions.
type Nginx struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// ErrNoNginx says that the machine has no nginx.
var ErrNoNginx = errors.New("this machine has no nginx; scripts/install nginx brings it")

// FindNginx is the path of the machine's nginx.
func FindNginx() (string, error) {
	for _, name := range []string{"nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoNginx
}

// StartNginx renders the configuration for the root into root/nginx, with whatever n says of it beyond the paths, and starts nginx there.
// It returns when nginx takes connections at n.Listen, which is an address and a port.
func StartNginx(root string, t *sam.Template, n render.Nginx) (*Nginx, error) {
	program, err := FindNginx()
	if err != nil {
		return nil, err
	}
	home := filepath.Join(root, "nginx")
	if err := os.MkdirAll(home, 0o755); err != nil { //nolint:gosec // nginx's workers may be another user
		return nil, err
	}
	n.Sockets, n.State, n.Logs, n.PID = filepath.Join(root, Run), home, home, filepath.Join(home, "pid")
	if os.Geteuid() == 0 {
		n.User = "root" // whom the sockets belong to
	}
	var text bytes.Buffer
	if err := n.Configuration(&text, t); err != nil {
		return nil, err
	}
	file := filepath.Join(home, "nginx.conf")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		return nil, err
	}
	arguments := []string{"-c", file, "-p", home, "-e", filepath.Join(home, "error.log")}
	if said, err := exec.Command(program, append(arguments, "-t", "-q")...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("nginx -t: %w\n%s", err, said)
	}
	x := &Nginx{exec.Command(program, append(arguments, "-g", "daemon off;")...), make(chan struct{})}
	var said bytes.Buffer
	x.cmd.Stderr = &said
	if err := spawn.Start(x.cmd, syscall.SIGTERM); err != nil {
		return nil, fmt.Errorf("start nginx: %w", err)
	}
	go func() {
		_ = x.cmd.Wait() // how it ended is in its log
		close(x.ended)
	}()
	dialer := net.Dialer{Timeout: time.Second}
	for range 500 {
		if c, err := dialer.DialContext(context.Background(), "tcp", n.Listen); err == nil {
			return x, c.Close()
		}
		select {
		case <-x.ended:
			return nil, fmt.Errorf("nginx ended at once: %s", said.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	x.Stop()
	return nil, fmt.Errorf("nginx does not listen at %s", n.Listen)
}

// Stop ends nginx, and waits for it. Requests under way are answered, for 5 s at most.
func (n *Nginx) Stop() {
	for _, signal := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGKILL} {
		_ = n.cmd.Process.Signal(signal) // it may have just ended
		select {
		case <-n.ended:
			return
		case <-time.After(5 * time.Second):
		}
	}
}

// FreePort is a TCP address of this machine that nobody listened at a moment ago.
func FreePort() (string, error) {
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
