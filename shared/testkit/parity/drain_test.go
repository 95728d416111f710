package parity

import (
	"bufio"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// held starts a function on a socket that the test holds, as systemd would: as descriptor 3, meant for the process's own id.
func held(t *testing.T, b *bundle, w *world, socket *os.File, listenPID string) *exec.Cmd {
	t.Helper()
	command := exec.Command("sh", "-c", "LISTEN_PID="+listenPID+` exec "$0"`, filepath.Join(b.binaries, "post"))
	command.Env = append(b.environment("post", w), "LISTEN_FDS=1", "PATH="+os.Getenv("PATH"))
	command.ExtraFiles = []*os.File{socket}
	return command
}

func hold(t *testing.T, path string) (*net.UnixListener, *os.File) {
	t.Helper()
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	socket, err := listener.File()
	must(t, err)
	t.Cleanup(func() { _ = socket.Close() })
	return listener, socket
}

// Clients on kept connections see no restart of the process behind a held socket: each request is answered, and each write done once.
func TestARestartLosesNoRequest(t *testing.T) {
	t.Parallel()
	const clients, restarts = 8, 5
	b := compiled(t)
	w := newWorld(t, b.keys, []string{"ann.1"})
	path := filepath.Join(w.socket, "held.sock")
	_, socket := hold(t, path)
	start := func() *exec.Cmd {
		command := held(t, b, w, socket, "$$")
		command.Stdout, command.Stderr = nil, nil
		must(t, command.Start())
		return command
	}
	process := start()
	before := posts(t, w)

	request := w.words.Replace("POST /post HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token:ann.1}\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"content\":\"x\"}")
	var stop atomic.Bool
	var answered, lost, closed atomic.Int64
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			var c net.Conn
			var in *bufio.Reader
			for !stop.Load() {
				if c == nil {
					var err error
					if c, err = net.Dial("unix", path); err != nil {
						t.Errorf("refused: %v", err)
						return
					}
					_ = c.SetDeadline(time.Now().Add(20 * time.Second))
					in = bufio.NewReader(c)
				}
				_, err := c.Write([]byte(request))
				var response *http.Response
				if err == nil {
					response, err = http.ReadResponse(in, nil)
				}
				if err == nil && response.StatusCode == http.StatusCreated {
					_, err = in.Discard(int(response.ContentLength))
				}
				if err != nil || response.StatusCode != http.StatusCreated {
					lost.Add(1)
					t.Errorf("lost a request: %v %v", err, response)
					return
				}
				answered.Add(1)
				if response.Close {
					closed.Add(1)
					_ = c.Close()
					c = nil
				}
				time.Sleep(2 * time.Millisecond)
			}
			if c != nil {
				_ = c.Close()
			}
		})
	}
	for range restarts {
		time.Sleep(100 * time.Millisecond)
		must(t, process.Process.Signal(syscall.SIGTERM))
		if err := process.Wait(); err != nil {
			t.Errorf("told to stop: %v", err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("the socket went with the process: %v", err)
		}
		process = start()
	}
	time.Sleep(100 * time.Millisecond)
	stop.Store(true)
	all.Wait()
	must(t, process.Process.Signal(syscall.SIGTERM))
	must(t, process.Wait())
	if n := posts(t, w) - before; int64(n) != answered.Load() || n < restarts*clients {
		t.Errorf("%d posts were written, %d answered 201", n, answered.Load())
	}
	if closed.Load() < restarts {
		t.Errorf("only %d connections were told to close over %d restarts", closed.Load(), restarts)
	}
	t.Logf("%d requests over %d restarts, %d lost", answered.Load(), restarts, lost.Load())
}

// A socket is taken only by the process that it is meant for, and only a single one.
func TestPassedSockets(t *testing.T) {
	t.Parallel()
	b := compiled(t)
	w := newWorld(t, b.keys, []string{"ann.1"})
	_, socket := hold(t, filepath.Join(w.socket, "held.sock"))

	t.Run("another process's", func(t *testing.T) {
		own := filepath.Join(w.socket, "own.sock")
		command := held(t, b, w, socket, "1")
		command.Env = append(command.Env, "LISTEN=unix:"+own)
		must(t, command.Start())
		await(t, own)
		must(t, command.Process.Signal(syscall.SIGTERM))
		must(t, command.Wait())
		if _, err := os.Stat(own); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("its own socket outlives it: %v", err)
		}
	})
	for name, c := range map[string]struct{ environment, want string }{
		"two at once":        {"LISTEN_FDS=2", "2 sockets were passed; pass one"},
		"none, and no place": {"LISTEN_FDS=", "LISTEN: name unix:/path/of/socket or tcp:host:port, or pass a socket"},
	} {
		t.Run(name, func(t *testing.T) {
			command := held(t, b, w, socket, "$$")
			command.ExtraFiles = append(command.ExtraFiles, socket)
			command.Env = append(command.Env, c.environment)
			out, err := command.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), c.want) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
