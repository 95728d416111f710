package gateway_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// A client that requests a large page and never reads it must not hold its connection, nor that to
// the function.
func TestClientThatNeverReadsIsDisconnected(t *testing.T) {
	t.Parallel()
	page := bytes.Repeat([]byte("x"), 32<<20) // more than the buffers of all sockets
	released := make(chan error, 1)
	address := startWith(t, func(w http.ResponseWriter, _ *http.Request) {
		_, err := w.Write(page)
		released <- err
	}, io.Discard, func(s *http.Server) {
		if s.WriteTimeout < 30*time.Second || s.WriteTimeout > time.Minute {
			t.Errorf("a client has %s to read a response, want about a minute", s.WriteTimeout)
		}
		if s.IdleTimeout <= 0 || s.IdleTimeout > 5*time.Minute {
			t.Errorf("an idle connection is kept for %s, want some minutes", s.IdleTimeout)
		}
		s.WriteTimeout = 300 * time.Millisecond
	})
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, get("/post/1")); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-released:
		if err == nil {
			t.Error("the whole page was sent to a client that does not read")
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the function still sends a page that its client does not read")
	}
	if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, conn); n >= int64(len(page)) || isTimeout(err) {
		t.Errorf("the connection is not closed: %d bytes, %v", n, err)
	}
}

func isTimeout(err error) bool {
	timeout, ok := err.(net.Error) //nolint:errorlint // io.Copy returns it as it is
	return ok && timeout.Timeout()
}
