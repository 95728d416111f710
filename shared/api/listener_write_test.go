package api_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"

	"minifb/shared/api"
)

// A countingListener counts the writes to its connections.
type countingListener struct {
	net.Listener
	writes atomic.Int64
}

func (l *countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return countingConn{c, &l.writes}, err
}

type countingConn struct {
	net.Conn
	writes *atomic.Int64
}

func (c countingConn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// A response is sent by one system call, unless it is large.
func TestAResponseIsSentAtOnce(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		size, _ := strconv.Atoi(r.URL.Query().Get("size"))
		w.Header().Set("Content-Length", strconv.Itoa(size))
		if err := api.WriteBody(w, r, bytes.Repeat([]byte("x"), size)); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
	}))
	counting := &countingListener{Listener: server.Listener}
	server.Listener = api.JSONErrors(counting, func(int) {})
	server.Config.ConnContext = api.ConnContext
	server.Start()
	defer server.Close()
	for _, size := range []int{0, 1, 2 << 10, 3000, 4 << 10, 6000, 64 << 10, 64<<10 + 1, 1 << 20, 6000} {
		counting.writes.Store(0)
		response, err := server.Client().Get(server.URL + "?size=" + strconv.Itoa(size))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || len(body) != size || len(response.TransferEncoding) > 0 {
			t.Errorf("%d bytes: %d, encoded as %v: %v", size, len(body), response.TransferEncoding, err)
		}
		if n := counting.writes.Load(); n != 1 && size <= 64<<10 {
			t.Errorf("%d bytes: %d writes", size, n)
		}
	}
}

// Without the server's ConnContext, as in a Lambda function, the body is written all the same.
func TestAResponseIsWrittenWithoutItsConnection(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	err := api.WriteBody(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), make([]byte, 6000))
	if err != nil || w.Body.Len() != 6000 || w.Flushed {
		t.Errorf("%d bytes, flushed: %t, %v", w.Body.Len(), w.Flushed, err)
	}
}
