package check

import (
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
)

// ending is a transport with one idle connection, which the server has closed.
type ending struct {
	connection net.Conn
	bodies     []string
}

func (e *ending) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	e.bodies = append(e.bodies, string(body))
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		trace.GotConn(httptrace.GotConnInfo{Conn: e.connection, Reused: true, WasIdle: true})
		return nil, io.EOF
	}
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
}

func put(t *testing.T, transport http.RoundTripper) error {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://a", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// A server may close a connection that has carried no request. One that has carried some must not end without a word.
func TestOnlyAnUnusedConnectionMayEnd(t *testing.T) {
	t.Parallel()
	connection, other := net.Pipe()
	defer connection.Close()
	defer other.Close()
	e := &ending{connection: connection}
	kit := &transport{next: e}
	if err := put(t, kit); err != nil || strings.Join(e.bodies, ",") != "{},{}" {
		t.Errorf("got %v, and sent the bodies %q", err, e.bodies)
	}
	err := put(t, kit)
	if err == nil || !strings.Contains(err.Error(), "had carried a request: true") || len(e.bodies) != 3 {
		t.Errorf("got %v, and sent the bodies %q; want an error that says what the connection was", err, e.bodies)
	}
}
