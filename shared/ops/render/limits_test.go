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

func TestLimitsInTime(t *testing.T) {
	t.Parallel()
	address := start(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/post/slow" {
			<-r.Context().Done()
		}
	})
	t.Run("headers that do not end", func(t *testing.T) {
		t.Parallel()
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, "GET /post HTTP/1.1\r\nHost: a\r\n")
		begun := time.Now()
		_ = conn.SetReadDeadline(begun.Add(9 * time.Second))
		if _, err := io.ReadAll(conn); err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("it was not cut off within %s", time.Since(begun))
		}
	})
	t.Run("a function that does not answer", func(t *testing.T) {
		t.Parallel()
		response, body := send(t, address, ask("GET /post/slow"))
		checkError(t, response, body, 504, "time limit")
	})
}

// A function that dies with a request costs that request alone, and nothing is sent twice.
func TestDyingFunction(t *testing.T) {
	t.Parallel()
	calls := make(chan string, 100)
	address := start(t, func(_ http.ResponseWriter, r *http.Request) {
		calls <- r.Method
		panic(http.ErrAbortHandler)
	})
	for i, line := range []string{"GET /post/1", "POST /post", "PATCH /post/1", "GET /post/1"} {
		response, body := send(t, address, ask(line))
		checkError(t, response, body, 503, "try again")
		if len(calls) != i+1 {
			t.Errorf("%s reached the function %d times in all", line, len(calls))
		}
	}
}

func TestRefusesWhatNginxCannotDo(t *testing.T) {
	t.Parallel()
	two := `
Resources:
  A: {Type: AWS::Serverless::Function, Properties: {Events: {X: {Type: HttpApi, Properties: {Method: GET, Path: "/a/{id}"}}}}}
  B: {Type: AWS::Serverless::Function, Properties: {Events: {X: {Type: HttpApi, Properties: {Method: PUT, Path: "/a/%s"}}}}}
`
	for _, path := range []string{"{id}", "{other}", "b"} {
		err := render.Nginx{Listen: "80"}.Configuration(io.Discard, parse(t, fmt.Sprintf(two, path)))
		if err == nil || !strings.Contains(err.Error(), "overlap") {
			t.Errorf("two functions for /a/{id} and /a/%s: %v", path, err)
		}
	}
	for _, n := range []render.Nginx{{Listen: "80; evil"}, {Sockets: "/a b"}, {Certificate: "/c"}, {Redirect: "80"}} {
		if err := n.Configuration(io.Discard, parse(t, template)); err == nil {
			t.Errorf("%+v was taken", n)
		}
	}
}
