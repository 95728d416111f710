package check

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// A transport sends a request again if the server has closed a connection that was open and had carried no request.
// Servers do that after some seconds, and it says nothing about their responses. An end of any other connection is an
// error, which says what the connection was.
type transport struct {
	next http.RoundTripper
	used sync.Map // the connections that have carried a request
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	var connection httptrace.GotConnInfo
	var used bool
	ctx := httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		connection = info
		_, used = t.used.LoadOrStore(info.Conn, true)
	}})
	response, err := t.next.RoundTrip(r.WithContext(ctx))
	if !errors.Is(err, io.EOF) {
		return response, err
	}
	if connection.WasIdle && !used && r.GetBody != nil {
		again := r.Clone(r.Context())
		if again.Body, err = r.GetBody(); err != nil {
			return nil, err
		}
		return t.next.RoundTrip(again)
	}
	return nil, fmt.Errorf("%w on a connection that had carried a request: %t, and was idle for %s",
		err, used, connection.IdleTime.Round(time.Millisecond))
}

// CloseIdleConnections is called by http.Client.
func (t *transport) CloseIdleConnections() { (&http.Client{Transport: t.next}).CloseIdleConnections() }
