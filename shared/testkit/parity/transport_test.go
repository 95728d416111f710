package parity

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"minifb/shared/ops/process"
	"minifb/shared/ops/render"
	"minifb/shared/testkit/lambdatest"
)

// A transport is a way in which requests reach the functions. Start starts all functions behind it.
type transport struct {
	name  string
	start func(*testing.T, *binaries, *fixture) sender
}

// A sender sends a request, which is for the function of this area, and returns the response.
type sender func(t *testing.T, area string, r request) response

// The others are compared with the first.
var transports = []transport{
	{"socket", startOnSockets},
	{"nginx", startBehindNginx},
	{"http-api", startOnLambda(lambdatest.HTTPAPI)},
	{"rest-api", startOnLambda(lambdatest.RESTAPI)},
	{"function-url", startOnLambda(lambdatest.FunctionURL)},
	{"alb", startOnLambda(lambdatest.LoadBalancer)},
	{"alb-single", startOnLambda(lambdatest.SingleValues)},
}

// environment returns the variables that a function is started with.
func (b *binaries) environment(area string, f *fixture) []string {
	timeout := "10s"
	if area == "probe" {
		timeout = "300ms"
	}
	return []string{
		"DATABASE_URL=" + f.proxy.url, "TOKEN_PUBLIC_KEYS=" + b.keys.public, "TOKEN_PRIVATE_KEY=" + b.keys.private,
		"PASSWORD_ITERATIONS=10", "REQUEST_TIMEOUT=" + timeout,
	}
}

func startOnLambda(gateway lambdatest.Gateway) func(*testing.T, *binaries, *fixture) sender {
	return func(t *testing.T, b *binaries, f *fixture) sender {
		instances := map[string]*lambdatest.Instance{}
		for _, function := range b.template.Functions {
			i, err := lambdatest.Start(b.path(function.Area), b.environment(function.Area, f)...)
			must(t, err)
			t.Cleanup(i.Kill)
			instances[function.Area] = i
		}
		return func(t *testing.T, area string, r request) response {
			in, err := http.NewRequestWithContext(t.Context(), r.Method, "/", strings.NewReader(r.Body))
			must(t, err)
			in.RequestURI, in.Host, in.RemoteAddr = r.Target, "api.example", "203.0.113.7:40000"
			for _, line := range r.Header {
				name, value, _ := strings.Cut(line, ": ")
				in.Header.Add(name, value)
			}
			out, err := gateway.Do(instances[area].Invoke, in)
			must(t, err)
			return readResponse(t, out)
		}
	}
}

// startOnSockets sends each request to the function's own socket.
func startOnSockets(t *testing.T, b *binaries, f *fixture) sender {
	startServers(t, b, f)
	return func(t *testing.T, area string, r request) response {
		return sendRaw(t, filepath.Join(f.dir, area+".sock"), r)
	}
}

// startServers starts every function as an HTTP server.
func startServers(t *testing.T, b *binaries, f *fixture) {
	t.Helper()
	for _, function := range b.template.Functions {
		socket := filepath.Join(f.dir, function.Area+".sock")
		command := exec.Command(b.path(function.Area))
		command.Env = append(b.environment(function.Area, f), "LISTEN=unix:"+socket)
		start(t, command, syscall.SIGKILL)
	}
	for _, function := range b.template.Functions {
		awaitListener(t, filepath.Join(f.dir, function.Area+".sock"))
	}
}

// start starts a process, and stops it by the signal when the test ends.
func start(t *testing.T, command *exec.Cmd, stop syscall.Signal) {
	t.Helper()
	var log bytes.Buffer
	command.Stdout, command.Stderr, command.WaitDelay = &log, &log, 5*time.Second
	must(t, process.Start(command, stop))
	t.Cleanup(func() {
		_ = command.Process.Signal(stop)
		_ = command.Wait()
		if t.Failed() && testing.Verbose() {
			t.Logf("%s:\n%s", filepath.Base(command.Path), log.String())
		}
	})
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

// startBehindNginx sends each request to nginx, with the configuration that is rendered for hosts.
func startBehindNginx(t *testing.T, b *binaries, f *fixture) sender {
	startServers(t, b, f)
	socket := filepath.Join(f.dir, "nginx")
	options := render.Nginx{
		Listen: "unix:" + socket, Sockets: f.dir, State: f.dir, Logs: f.dir, PID: filepath.Join(f.dir, "pid"),
	}
	if os.Geteuid() == 0 {
		options.User = "root" // which owns the functions' sockets
	}
	var configuration bytes.Buffer
	must(t, options.Configuration(&configuration, b.template))
	path := filepath.Join(f.dir, "nginx.conf")
	must(t, os.WriteFile(path, configuration.Bytes(), 0o600))
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // not in every user's PATH
	}
	start(t, exec.Command(program, "-e", "stderr", "-p", f.dir, "-c", path, "-g", "daemon off;"), syscall.SIGTERM)
	awaitListener(t, socket)
	return func(t *testing.T, _ string, r request) response { return sendRaw(t, socket, r) }
}

// sendRaw writes exactly the bytes of the request, which no HTTP client would do.
func sendRaw(t *testing.T, socket string, r request) response {
	t.Helper()
	c, err := net.Dial("unix", socket)
	must(t, err)
	defer c.Close()
	must(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	var raw bytes.Buffer
	fmt.Fprintf(&raw, "%s %s HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n", r.Method, r.Target)
	for _, line := range r.Header {
		fmt.Fprintf(&raw, "%s\r\n", line)
	}
	if r.Body != "" || slices.Contains([]string{"POST", "PUT", "PATCH"}, r.Method) {
		fmt.Fprintf(&raw, "Content-Length: %d\r\n", len(r.Body))
	}
	raw.WriteString("\r\n" + r.Body)
	_, _ = c.Write(raw.Bytes()) // the server may respond and close before it has read everything
	in, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: r.Method})
	must(t, err)
	return readResponse(t, in)
}

func readResponse(t *testing.T, r *http.Response) response {
	t.Helper()
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	must(t, err)
	if r.ContentLength >= 0 && r.Header.Get("Content-Length") == "" && r.StatusCode != http.StatusNoContent {
		r.Header.Set("Content-Length", fmt.Sprint(r.ContentLength))
	}
	return response{r.StatusCode, r.Header, string(body)}
}
