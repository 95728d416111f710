package api_test

import (
	"bufio"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"minifb/shared/api"
	"minifb/shared/testkit/areatest"
)

// serveJSONErrors serves the handler on a TCP or unix socket, and returns a function that sends a
// request as it is.
func serveJSONErrors(t *testing.T, network string, h http.HandlerFunc) func(request string) areatest.Response {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		Handler: h, MaxHeaderBytes: 1 << 10, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelWarn),
	}
	go func() { _ = server.Serve(api.JSONErrors(l, func(int) {})) }()
	t.Cleanup(func() { _ = server.Close() })
	return func(request string) areatest.Response {
		t.Helper()
		c, err := net.Dial(network, l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		go func() { _, _ = io.WriteString(c, request) }()
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("%.60q: %v", request, err)
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatalf("%.60q: %v", request, err)
		}
		return areatest.Response{Status: r.StatusCode, Header: r.Header, Body: body}
	}
}

// What net/http refuses itself has the JSON of every error.
func TestUnreadableRequestsAreRefusedInJSON(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"tcp", "unix"} {
		send := serveJSONErrors(t, network, func(http.ResponseWriter, *http.Request) {
			t.Error("the handler is called")
		})
		for request, want := range map[string]int{
			"GET / HTTP/1.1\r\n\r\n":                                                     400,
			"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n":                               400,
			"GET / HTTP/1.1\r\nHost: a b\r\n\r\n":                                        400,
			"GET / HTTP/1.1\r\nHost: \x01\r\n\r\n":                                       400,
			"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n":                                       400,
			"NONSENSE\r\n\r\n":                                                           400,
			"GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n":                               400,
			"GET / HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n":                                400,
			"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n":                     400,
			"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n":               501,
			"GET / HTTP/3.0\r\nHost: a\r\n\r\n":                                          505,
			"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 9<<10) + "\r\n\r\n": 431,
		} {
			response := send(request)
			if response.Status != want {
				t.Errorf("%s, %.60q: %d %s, want %d", network, request, response.Status, response.Body, want)
			}
			areatest.CheckResponse(t, response)
			if response.Header.Get("X-Request-Id") == "" {
				t.Errorf("%s, %.60q: no X-Request-Id", network, request)
			}
		}
	}
}

// A client that still sends gets the whole refusal, and an end of the connection instead of a reset.
func TestARefusedClientThatStillSendsIsNotReset(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.NotFoundHandler(), MaxHeaderBytes: 1 << 10}
	go func() { _ = server.Serve(api.JSONErrors(l, func(int) {})) }()
	t.Cleanup(func() { _ = server.Close() })
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// The server reads 5 KiB of it.
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nX: "+strings.Repeat("x", 64<<10)); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 431 ") {
		t.Errorf("got %.40q, %v", got, err)
	}
}

// A handler's responses pass as they are, even one that repeats what net/http would write.
func TestResponsesOfHandlersAreNotReplaced(t *testing.T) {
	t.Parallel()
	const imitation = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n" +
		"Connection: close\r\n\r\n400 Bad Request"
	send := serveJSONErrors(t, "tcp", func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/plain":
			w.Header().Set("Connection", "close")
			http.Error(w, "400 Bad Request", http.StatusBadRequest)
		case "/imitation":
			_, _ = io.WriteString(w, imitation)
		default:
			_, _ = io.WriteString(w, strings.Repeat(" ", 4096)+imitation) // after a full buffer
		}
	})
	for path, want := range map[string]string{
		"/plain": "400 Bad Request\n", "/imitation": imitation, "/long": imitation,
	} {
		response := send("GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		if got := strings.TrimLeft(string(response.Body), " "); got != want || json.Valid(response.Body) {
			t.Errorf("%s: %d %q, want %q", path, response.Status, got, want)
		}
	}
}
