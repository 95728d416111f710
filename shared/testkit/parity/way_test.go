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

	"minifb/shared/ops/render"
	"minifb/shared/ops/sam"
	"minifb/shared/ops/spawn"
	"minifb/shared/testkit/lambdatest"
)

// A way is one of the ways in to the functions.
type way struct {
	name  string
	start func(*testing.T, *bundle, *world) sender
}

// A sender sends one request, meant for an area's function, and answers what came.
type sender func(t *testing.T, area string, r request) reply

// The first is what the others are compared with.
var ways = []way{
	{"direct", direct},
	{"nginx", behindNginx},
	{"http-api", onLambda(lambdatest.HTTPAPI)},
	{"rest-api", onLambda(lambdatest.RESTAPI)},
	{"function-url", onLambda(lambdatest.FunctionURL)},
	{"alb", onLambda(lambdatest.LoadBalancer)},
	{"alb-single", onLambda(lambdatest.SingleValues)},
}

// A bundle is the built functions.
type bundle struct {
	template *sam.Template
	binaries string // a folder
	keys     keyPair
}

// environment is what a function is started with.
func (b *bundle) environment(area string, w *world) []string {
	limit := "10s"
	if area == "trial" {
		limit = "300ms"
	}
	return []string{
		"DATABASE_URL=" + w.line.url, "TOKEN_PUBLIC_KEYS=" + b.keys.public, "TOKEN_PRIVATE_KEY=" + b.keys.private, "LIMITS=off",
		"PASSWORD_ITERATIONS=10", "REQUEST_TIMEOUT=" + limit, "MAIL_DIR=" + w.socket, "DATA_DIR=" + w.socket,
	}
}

func onLambda(gateway lambdatest.Gateway) func(*testing.T, *bundle, *world) sender {
	return func(t *testing.T, b *bundle, w *world) sender {
		instances := map[string]*lambdatest.Instance{}
		for _, f := range b.template.Functions {
			i, err := lambdatest.Start(filepath.Join(b.binaries, f.Area), b.environment(f.Area, w)...)
			must(t, err)
			t.Cleanup(i.Kill)
			instances[f.Area] = i
		}
		return func(t *testing.T, area string, r request) reply {
			in, err := http.NewRequestWithContext(t.Context(), r.Method, "/", strings.NewReader(r.Body))
			must(t, err)
			in.RequestURI, in.Host, in.RemoteAddr = r.Target, "api.example", "203.0.113.7:40000"
			for _, line := range r.Header {
				name, value, _ := strings.Cut(line, ": ")
				in.Header.Add(name, value)
			}
			out, err := gateway.Do(instances[area].Invoke, in)
			must(t, err)
			return replyOf(t, out)
		}
	}
}

// direct speaks to each function's own socket.
func direct(t *testing.T, b *bundle, w *world) sender {
	serve(t, b, w)
	return func(t *testing.T, area string, r request) reply {
		return speak(t, filepath.Join(w.socket, area+".sock"), r)
	}
}

// serve starts every function as an HTTP server.
func serve(t *testing.T, b *bundle, w *world) {
	t.Helper()
	for _, f := range b.template.Functions {
		socket := filepath.Join(w.socket, f.Area+".sock")
		command := exec.Command(filepath.Join(b.binaries, f.Area))
		command.Env = append(b.environment(f.Area, w), "LISTEN=unix:"+socket)
		run(t, command, syscall.SIGKILL)
	}
	for _, f := range b.template.Functions {
		await(t, filepath.Join(w.socket, f.Area+".sock"))
	}
}

// run starts a process that the test's end stops, by the signal named.
func run(t *testing.T, command *exec.Cmd, stop syscall.Signal) {
	t.Helper()
	var log bytes.Buffer
	command.Stdout, command.Stderr, command.WaitDelay = &log, &log, 5*time.Second
	must(t, spawn.Start(command, stop))
	t.Cleanup(func() {
		_ = command.Process.Signal(stop)
		_ = command.Wait()
		if t.Failed() && testing.Verbose() {
			t.Logf("%s:\n%s", filepath.Base(command.Path), log.String())
		}
	})
}

func await(t *testing.T, socket string) {
	t.Helper()
	for range 500 {
		if c, err := net.Dial("unix", socket); err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("nobody listens on %s", socket)
}

// behindNginx speaks to an nginx that runs by the configuration that is rendered for hosts.
func behindNginx(t *testing.T, b *bundle, w *world) sender {
	serve(t, b, w)
	at := render.Nginx{
		Listen: "unix:" + filepath.Join(w.socket, "nginx"), Sockets: w.socket, State: w.socket, Logs: w.socket, PID: filepath.Join(w.socket, "pid"),
	}
	if os.Geteuid() == 0 {
		at.User = "root" // whose sockets these are
	}
	var configuration bytes.Buffer
	must(t, at.Configuration(&configuration, b.template))
	file := filepath.Join(w.socket, "nginx.conf")
	must(t, os.WriteFile(file, configuration.Bytes(), 0o600))
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // which is not on every user's path
	}
	run(t, exec.Command(program, "-e", "stderr", "-p", w.socket, "-c", file, "-g", "daemon off;"), syscall.SIGTERM)
	await(t, filepath.Join(w.socket, "nginx"))
	return func(t *testing.T, _ string, r request) reply { return speak(t, filepath.Join(w.socket, "nginx"), r) }
}

// speak writes a request as it is told, to the byte, which no HTTP client would.
func speak(t *testing.T, socket string, r request) reply {
	t.Helper()
	c, err := net.Dial("unix", socket)
	must(t, err)
	defer c.Close()
	must(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %s HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n", r.Method, r.Target)
	for _, line := range r.Header {
		fmt.Fprintf(&out, "%s\r\n", line)
	}
	if r.Body != "" || slices.Contains([]string{"POST", "PUT", "PATCH"}, r.Method) {
		fmt.Fprintf(&out, "Content-Length: %d\r\n", len(r.Body))
	}
	out.WriteString("\r\n" + r.Body)
	_, _ = c.Write(out.Bytes()) // an answer may come, and the connection end, before all is written
	response, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: r.Method})
	must(t, err)
	return replyOf(t, response)
}

func replyOf(t *testing.T, r *http.Response) reply {
	t.Helper()
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	must(t, err)
	if r.ContentLength >= 0 && r.Header.Get("Content-Length") == "" && r.StatusCode != http.StatusNoContent {
		r.Header.Set("Content-Length", fmt.Sprint(r.ContentLength))
	}
	return reply{r.StatusCode, r.Header, string(body)}
}
