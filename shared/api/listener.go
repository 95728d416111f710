package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"sync"
)

// JSONErrors returns a listener for an http.Server. Its connections replace the responses that
// net/http itself writes in plain text, before any handler runs, to what it cannot parse: no
// setting of http.Server changes these. refused is called with the status of each.
func JSONErrors(l net.Listener, refused func(status int)) net.Listener { return &listener{l, refused} }

type listener struct {
	net.Listener
	refused func(status int)
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &connection{Conn: c, refused: l.refused}, nil
}

type connection struct {
	net.Conn
	refused func(status int)
	held    *bytes.Buffer // collects what is written, if it is not nil
}

type connectionKey struct{}

// ConnContext is that of an http.Server on a listener of JSONErrors. WriteBody needs it to find a request's connection.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, c)
}

// Of a body that fits into net/http's buffer with its header, and of one that is too large to be copied.
const (
	smallBody = 2 << 10
	largeBody = 64 << 10
)

var holds = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// WriteBody writes the whole body of a response whose header has a Content-Length. net/http would send what is larger
// than its buffer of 4 KiB in several system calls, which took a sixth of the time of a page of the feed. WriteBody
// sends header and body in one.
func WriteBody(w http.ResponseWriter, r *http.Request, body []byte) error {
	c, ok := r.Context().Value(connectionKey{}).(*connection)
	if !ok || len(body) < smallBody || len(body) > largeBody {
		_, err := w.Write(body)
		return err
	}
	held := holds.Get().(*bytes.Buffer) //nolint:forcetypeassert // holds has no other
	c.held = held
	_, err := w.Write(body)
	err = errors.Join(err, http.NewResponseController(w).Flush())
	c.held = nil
	_, sent := c.Conn.Write(held.Bytes())
	held.Reset()
	holds.Put(held)
	return errors.Join(err, sent)
}

// plainTextError matches the whole of such a response, which net/http writes at once. No handler's
// response looks like it, as each has a Date.
var plainTextError = regexp.MustCompile(`^HTTP/1\.1 ([45]\d\d) [^\r\n]*\r\n` +
	`Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n[^\r\n]{0,200}$`)

// serverRefusals are the refusals by the status that net/http has chosen.
var serverRefusals = map[string]Refusal{
	"400": MalformedRequest, "431": LargeHeaders, "501": NotImplemented, "505": HTTPVersion,
}

// Write sends p, or the refusal in place of a response in plain text.
func (c *connection) Write(p []byte) (int, error) {
	if c.held != nil {
		return c.held.Write(p)
	}
	if !bytes.HasPrefix(p, []byte("HTTP/1.1 ")) || len(p) > 600 {
		return c.Conn.Write(p)
	}
	match := plainTextError.FindSubmatch(p)
	if match == nil {
		return c.Conn.Write(p)
	}
	refusal, ok := serverRefusals[string(match[1])]
	if !ok {
		refusal = MalformedRequest
	}
	if _, err := c.Conn.Write(refusal.raw()); err != nil {
		return 0, err
	}
	c.refused(refusal.Status)
	return len(p), nil
}

// CloseWrite is called by net/http before it closes a connection whose client still sends, so that
// the client can read the response.
func (c *connection) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// raw returns the whole response, after which the connection is closed.
func (r Refusal) raw() []byte {
	w := &rawResponse{header: http.Header{}}
	w.header.Set("Connection", "close")
	w.header.Set("Cache-Control", "no-store") // whether a token was sent is not known
	w.header.Set("X-Content-Type-Options", "nosniff")
	w.header.Set("X-Request-Id", rand.Text())
	AllOrigins.Allow(w.header, &http.Request{}) // as nginx does for its own refusals, which tell nothing of anybody
	Write(w, r.With())
	w.header.Set("Content-Length", strconv.Itoa(w.body.Len()))
	var raw bytes.Buffer
	fmt.Fprintf(&raw, "HTTP/1.1 %d %s\r\n", w.status, http.StatusText(w.status))
	_ = w.header.Write(&raw) // a bytes.Buffer does not fail
	raw.WriteString("\r\n")
	raw.Write(w.body.Bytes())
	return raw.Bytes()
}

// A rawResponse collects a response that is written without a http.Server.
type rawResponse struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *rawResponse) Header() http.Header         { return r.header }
func (r *rawResponse) WriteHeader(status int)      { r.status = status }
func (r *rawResponse) Write(p []byte) (int, error) { return r.body.Write(p) }
