package render_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"minifb/shared/ops/host"
	"minifb/shared/ops/render"
	"minifb/shared/testkit/programs"
)

// A connection is the number of a connection of nginx to a function, in the request's context.
type connection struct{}

// startWatched runs nginx in front of post, which is served by f. It returns nginx's address, the host's folder, and
// a channel that receives a value whenever a connection to post has been closed.
func startWatched(t *testing.T, f http.HandlerFunc) (address, dir string, closed chan struct{}) {
	t.Helper()
	dir, closed = root(t), make(chan struct{}, 1000)
	if err := os.Mkdir(filepath.Join(dir, host.Run), 0o755); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", filepath.Join(dir, host.Run, "post.sock"))
	if err != nil {
		t.Fatal(err)
	}
	var made atomic.Int64
	server := &http.Server{
		Handler: f,
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
			return context.WithValue(ctx, connection{}, made.Add(1))
		},
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				closed <- struct{}{}
			}
		},
	}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	address = programs.FreeAddress(t)
	nginx, err := host.StartNginx(dir, parse(t, template), render.Nginx{Listen: address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nginx.Stop)
	return address, dir, closed
}

// A function that dies while it has a request on a kept connection does not get that request again, and nor does
// another: it may have taken effect.
func TestNoRequestIsSentTwiceOnKeptConnections(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	received := map[string]int{}
	used := map[any]bool{}
	kept := 0 // requests that died on a connection that had carried another
	address, _, _ := startWatched(t, func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		number := r.Context().Value(connection{})
		received[r.RequestURI]++
		if r.URL.Path == "/post/dies" {
			if used[number] {
				kept++
			}
			panic(http.ErrAbortHandler)
		}
		used[number] = true
	})
	n := 0
	programs.Until(t, "five requests died on kept connections", func() bool {
		n++
		send(t, address, ask("GET /post/lives"))
		target := "/post/dies?" + strings.Repeat("x", n)
		response, body := send(t, address, ask("GET "+target))
		checkError(t, response, body, 503, "try again")
		mu.Lock()
		defer mu.Unlock()
		if received[target] != 1 {
			t.Fatalf("the function received one request %d times", received[target])
		}
		return kept == 5
	})
}

// nginx closes an idle connection to a function before the function does, which waits 200 ms for that when it stops.
func TestNginxClosesIdleConnectionsFirst(t *testing.T) {
	t.Parallel()
	address, dir, closed := startWatched(t, func(http.ResponseWriter, *http.Request) {})
	send(t, address, ask("GET /post"))
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Error("nginx has kept an idle connection for 10 s")
	}
	// A busy machine is no clock, so the setting itself is compared.
	text, err := os.ReadFile(filepath.Join(dir, "nginx", "nginx.conf"))
	if err != nil {
		t.Fatal(err)
	}
	functions := strings.Count(string(text), "\n\tupstream minifb_")
	if got := strings.Count(string(text), "\n\t\tkeepalive_timeout 100ms;\n"); got != functions || got == 0 {
		t.Errorf("%d of %d functions' idle connections are closed after 100 ms", got, functions)
	}
}

// A function receives the first bytes of a body before the client has sent the last, so that the function's own time
// limit holds.
func TestBodiesArePassedOnAsTheyArrive(t *testing.T) {
	t.Parallel()
	begun := make(chan string, 1)
	address, _, _ := startWatched(t, func(w http.ResponseWriter, r *http.Request) {
		part := make([]byte, 4)
		_, _ = io.ReadFull(r.Body, part) // a part that is missing is in the response, too
		begun <- string(part)
		w.Write(part)
		io.Copy(w, r.Body)
	})
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nhalf")
	select {
	case <-begun:
	case <-time.After(9 * time.Second): // nginx's own time limit for a body is 10 s
		t.Error("nginx holds the body back until it has all of it")
	}
	io.WriteString(conn, "rest")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "halfrest" {
		t.Errorf("the function received %q: %v", body, err)
	}
}

// The access log has the path of a request, and not its query, headers or body.
func TestAccessLogHasNoSecrets(t *testing.T) {
	t.Parallel()
	address, dir, _ := startWatched(t, func(http.ResponseWriter, *http.Request) {})
	send(t, address, "POST /post/1?email=geheim HTTP/1.1\r\nHost: geheim\r\nX-Request-Id: mine-3\r\n"+
		"User-Agent: geheim\r\nReferer: http://geheim\r\nAuthorization: Bearer geheim\r\nCookie: geheim\r\n"+
		"Content-Length: 6\r\n\r\ngeheim")
	send(t, address, ask("GET /nowhere?geheim"))
	var lines []string
	programs.Until(t, "nginx has written both lines", func() bool {
		content, err := os.ReadFile(filepath.Join(dir, "nginx", "access.log"))
		lines = strings.Split(strings.TrimSpace(string(content)), "\n")
		return err == nil && len(lines) == 2
	})
	slices.SortFunc(lines, func(a, b string) int { // those of several workers come in any order
		return strings.Count(a, "/nowhere") - strings.Count(b, "/nowhere")
	})
	for i, want := range []map[string]any{
		{"method": "POST", "path": "/post/1", "function": "post", "status": 200.0, "request_id": "mine-3"},
		{"method": "GET", "path": "/nowhere", "function": "", "status": 404.0},
	} {
		var line map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &line); err != nil || strings.Contains(lines[i], "geheim") {
			t.Errorf("the line is %s: %v", lines[i], err)
		}
		for name, value := range want {
			if line[name] != value {
				t.Errorf("%s is %v, want %v", name, line[name], value)
			}
		}
	}
}
