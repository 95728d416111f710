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

// withSocket returns a command that starts a function with a socket that the test holds, as
// systemd does: as file descriptor 3, for the process with the id listenPID.
func withSocket(t *testing.T, b *binaries, f *fixture, socket *os.File, listenPID string) *exec.Cmd {
	t.Helper()
	command := exec.Command("sh", "-c", "LISTEN_PID="+listenPID+` exec "$0"`, b.path("post"))
	command.Env = append(b.environment(t, "post", f), "LISTEN_FDS=1", "PATH="+os.Getenv("PATH"))
	command.ExtraFiles = []*os.File{socket}
	return command
}

// listen returns a listening socket at path, which stays open until the test ends.
func listen(t *testing.T, path string) *os.File {
	t.Helper()
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	socket, err := listener.File()
	must(t, err)
	t.Cleanup(func() { _ = socket.Close() })
	return socket
}

// awaitListener waits until the socket accepts connections.
func awaitListener(t *testing.T, socket string) {
	t.Helper()
	for range 500 {
		if c, err := net.Dial("unix", socket); err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s accepts no connection after 10 s", socket)
}

// A restartClient sends the same request on kept connections again and again.
type restartClient struct {
	socket, request string
	stop            atomic.Bool
	created, closed atomic.Int64 // responses with 201, and those that closed the connection
}

// run sends requests until stop is set, and fails the test for each that does not get 201.
func (c *restartClient) run(t *testing.T) {
	var connection net.Conn
	var in *bufio.Reader
	for !c.stop.Load() {
		if connection == nil {
			var err error
			if connection, err = net.Dial("unix", c.socket); err != nil {
				t.Errorf("connection refused: %v", err)
				return
			}
			_ = connection.SetDeadline(time.Now().Add(20 * time.Second))
			in = bufio.NewReader(connection)
		}
		_, err := connection.Write([]byte(c.request))
		var response *http.Response
		if err == nil {
			response, err = http.ReadResponse(in, nil)
		}
		if err == nil && response.StatusCode == http.StatusCreated {
			_, err = in.Discard(int(response.ContentLength))
		}
		if err != nil || response.StatusCode != http.StatusCreated {
			t.Errorf("a request was lost: %v %v", err, response)
			return
		}
		c.created.Add(1)
		if response.Close {
			c.closed.Add(1)
			_ = connection.Close()
			connection = nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	if connection != nil {
		_ = connection.Close()
	}
}

// awaitResponses waits until n more responses have come, so that the process that was started last
// serves requests.
func (c *restartClient) awaitResponses(t *testing.T, n int64) {
	t.Helper()
	want := c.created.Load() + n
	for deadline := time.Now().Add(20 * time.Second); c.created.Load() < want; time.Sleep(time.Millisecond) {
		if t.Failed() || time.Now().After(deadline) {
			t.Fatal("the function does not respond")
		}
	}
}

// Clients on kept connections do not notice that the process behind a held socket is restarted:
// each request gets a response, and each write happens once.
func TestRestartLosesNoRequest(t *testing.T) {
	t.Parallel()
	const clients, restarts = 8, 5
	b := buildAll(t)
	f := newFixture(t, b.keys, []string{"ann.1"})
	path := filepath.Join(f.dir, "held.sock")
	socket := listen(t, path)
	start := func() *exec.Cmd {
		command := withSocket(t, b, f, socket, "$$")
		must(t, command.Start())
		t.Cleanup(func() { _ = command.Process.Kill() })
		return command
	}
	process := start()
	before := f.postCount(t)

	c := restartClient{socket: path, request: f.placeholders.Replace("POST /post HTTP/1.1\r\nHost: x\r\n" +
		"Authorization: Bearer {token:ann.1}\r\nContent-Type: application/json\r\n" +
		"Content-Length: 15\r\n\r\n{\"content\":\"x\"}")}
	var group sync.WaitGroup
	for range clients {
		group.Go(func() { c.run(t) })
	}
	defer group.Wait()
	defer c.stop.Store(true) // before group.Wait, also after t.Fatal
	for range restarts {
		c.awaitResponses(t, 10*clients)
		must(t, process.Process.Signal(syscall.SIGTERM))
		if err := process.Wait(); err != nil {
			t.Errorf("after SIGTERM: %v", err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("the process has removed the socket: %v", err)
		}
		process = start()
	}
	c.awaitResponses(t, 10*clients)
	c.stop.Store(true)
	group.Wait()
	must(t, process.Process.Signal(syscall.SIGTERM))
	must(t, process.Wait())
	if n := f.postCount(t) - before; int64(n) != c.created.Load() || n < restarts*clients {
		t.Errorf("%d posts were written, and %d responses were 201", n, c.created.Load())
	}
	if c.closed.Load() < restarts {
		t.Errorf("only %d connections were closed by %d restarts", c.closed.Load(), restarts)
	}
	t.Logf("%d requests during %d restarts", c.created.Load(), restarts)
}

// A process uses only a socket that was passed to it, and only a single one.
func TestPassedSockets(t *testing.T) {
	t.Parallel()
	b := buildAll(t)
	f := newFixture(t, b.keys, []string{"ann.1"})
	socket := listen(t, filepath.Join(f.dir, "held.sock"))

	t.Run("for another process", func(t *testing.T) {
		own := filepath.Join(f.dir, "own.sock")
		command := withSocket(t, b, f, socket, "1")
		command.Env = append(command.Env, "LISTEN=unix:"+own)
		must(t, command.Start())
		awaitListener(t, own)
		must(t, command.Process.Signal(syscall.SIGTERM))
		must(t, command.Wait())
		if _, err := os.Stat(own); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the process has not removed its own socket: %v", err)
		}
	})
	for name, c := range map[string]struct{ environment, want string }{
		"two": {"LISTEN_FDS=2", "2 sockets were passed; pass one"},
		"neither a socket nor LISTEN": {
			"LISTEN_FDS=", "LISTEN: name unix:/path/of/socket or tcp:host:port, or pass a socket",
		},
	} {
		t.Run(name, func(t *testing.T) {
			command := withSocket(t, b, f, socket, "$$")
			command.ExtraFiles = append(command.ExtraFiles, socket)
			command.Env = append(command.Env, c.environment)
			output, err := command.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(output), c.want) {
				t.Errorf("%v\n%s", err, output)
			}
		})
	}
}
