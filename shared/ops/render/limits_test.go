package render_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"minifb/shared/ops/render"
)

func TestTimeLimits(t *testing.T) {
	t.Parallel()
	address := start(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/post/slow" || r.Method == http.MethodPost {
			<-r.Context().Done()
		}
	})
	t.Run("headers never end", func(t *testing.T) {
		t.Parallel()
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, "GET /post HTTP/1.1\r\nHost: a\r\n")
		start := time.Now()
		_ = conn.SetReadDeadline(start.Add(9 * time.Second))
		if _, err := io.ReadAll(conn); err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("nginx has not closed the connection within %s", time.Since(start))
		}
	})
	t.Run("a function sends no response", func(t *testing.T) {
		t.Parallel()
		response, body := send(t, address, ask("GET /post/slow"))
		checkError(t, response, body, 504, "time limit; try again")
		response, body = send(t, address, ask("POST /post"))
		checkError(t, response, body, 504, "its outcome is not known")
	})
}

// A function that dies fails only the request that it serves, and nginx does not send it again.
func TestFunctionDies(t *testing.T) {
	t.Parallel()
	calls := make(chan string, 100)
	address := start(t, func(_ http.ResponseWriter, r *http.Request) {
		calls <- r.Method
		panic(http.ErrAbortHandler)
	})
	for i, line := range []string{"GET /post/1", "POST /post", "PATCH /post/1", "GET /post/1"} {
		response, body := send(t, address, ask(line))
		hint := "its outcome is not known. If you sent an Idempotency-Key"
		if strings.HasPrefix(line, "GET ") {
			hint = "try again"
		}
		checkError(t, response, body, 503, hint)
		if len(calls) != i+1 {
			t.Errorf("after %s the function has received %d requests, want %d", line, len(calls), i+1)
		}
	}
}

func TestConfigurationRefuses(t *testing.T) {
	t.Parallel()
	two := `
Resources:
  A:
    Type: AWS::Serverless::Function
    Properties: {Events: {X: {Type: HttpApi, Properties: {Method: GET, Path: "/a/{id}"}}}}
  B:
    Type: AWS::Serverless::Function
    Properties: {Events: {X: {Type: HttpApi, Properties: {Method: PUT, Path: "/a/%s"}}}}
`
	for _, path := range []string{"{id}", "{other}", "b"} {
		err := render.Nginx{Listen: "80"}.Configuration(io.Discard, parse(t, fmt.Sprintf(two, path)))
		if err == nil || !strings.Contains(err.Error(), "overlap") {
			t.Errorf("two functions for /a/{id} and /a/%s: %v", path, err)
		}
	}
	for _, n := range []render.Nginx{{Listen: "80; evil"}, {Sockets: "/a b"}, {Certificate: "/c"}, {Redirect: "80"}} {
		if err := n.Configuration(io.Discard, parse(t, template)); err == nil {
			t.Errorf("Configuration accepts %+v", n)
		}
	}
}
