package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
)

// An Exchange is what is known of a request and its response besides the two themselves. Package
// function makes one for each request and logs it at the end.
type Exchange struct {
	RequestID     string     // 1–128 of A-Z a-z 0-9 . _ : + / = -
	MethodAndPath string     // "DELETE /post/14": as sent, without the query
	Client        netip.Addr // see ClientAddress
	// Done is what a schedule's call has done, for the log line; see Schedule.
	Done map[string]int64
	Err  error // for the log line: why the status is 500 or above, or what was passed to Note
}

// writes reports whether the request may change something.
func (e *Exchange) writes() bool {
	method, _, _ := strings.Cut(e.MethodAndPath, " ")
	return Writes(method)
}

// Writes reports whether a request with this method may change something.
func Writes(method string) bool {
	switch method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return true
}

type exchangeKey struct{}

// WithExchange returns a context in which the checks and the views find e.
func WithExchange(ctx context.Context, e *Exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, e)
}

func exchange(ctx context.Context) *Exchange {
	if e, ok := ctx.Value(exchangeKey{}).(*Exchange); ok {
		return e
	}
	return &Exchange{}
}

// Note adds an error to the request's log line that does not concern its client.
func Note(ctx context.Context, err error) { exchange(ctx).Err = err }

// ClientAddress returns the address that the request comes from: as nginx or the gateway reports it
// on a unix socket, as Lambda's event reports it, and else the peer's own. What the client itself
// claims does not count. The address is invalid where none is known, as for a request that a
// process of this machine sends to the socket.
func ClientAddress(ctx context.Context) netip.Addr { return exchange(ctx).Client }

// MethodAndPath returns a request's method and its path as sent, without the query.
func MethodAndPath(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if !strings.HasPrefix(path, "/") { // "http://host/path", as sent to a proxy, or "" in a test's request
		path = r.URL.EscapedPath()
	}
	return r.Method + " " + path
}

var usableID = regexp.MustCompile(`^[A-Za-z0-9._:+/=-]{1,128}$`)

// RequestID returns the id that the client gave the request, if it is 1–128 of A-Z a-z 0-9 . _ : +
// / = -, or a new one.
func RequestID(r *http.Request) string {
	if sent := r.Header.Get("X-Request-Id"); usableID.MatchString(sent) {
		return sent
	}
	return rand.Text()
}
