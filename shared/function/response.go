package function

import (
	"bytes"
	"maps"
	"net/http"
	"strconv"
	"sync"

	"minifb/shared/api"
)

// A responseBuffer holds a response back until it is complete.
type responseBuffer struct {
	connection http.ResponseWriter
	header     http.Header
	status     int
	body       *bytes.Buffer // nil until something is written; see buffer
}

// bodies are buffers of responses before. New ones would be most of what a page of a list allocates.
var bodies = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, usualBody)) }}

// The bytes of a page of the usual size, and of the largest buffer that is used again.
const (
	usualBody = 16 << 10
	maxBody   = 64 << 10
)

// buffer returns the body's buffer. A request that still waits has none.
func (b *responseBuffer) buffer() *bytes.Buffer {
	if b.body == nil {
		b.body = bodies.Get().(*bytes.Buffer) //nolint:forcetypeassert // bodies has no other
	}
	return b.body
}

// release lets another response have the body's buffer. Nobody may use the response after that, nor its body.
func (b *responseBuffer) release() {
	if b.body != nil && b.body.Cap() <= maxBody {
		b.body.Reset()
		bodies.Put(b.body)
	}
	b.body = nil
}

// Header returns the response's header.
func (b *responseBuffer) Header() http.Header { return b.header }

// WriteHeader sets the status. As for any http.ResponseWriter, only the first call counts.
func (b *responseBuffer) WriteHeader(status int) {
	if b.status == 0 {
		b.status = status
	}
}

// Write adds to the body.
func (b *responseBuffer) Write(p []byte) (int, error) {
	b.WriteHeader(http.StatusOK)
	return b.buffer().Write(p)
}

// AvailableBuffer is that of bytes.Buffer.
func (b *responseBuffer) AvailableBuffer() []byte { return b.buffer().AvailableBuffer() }

// Unwrap lets http.ResponseController set the connection's deadlines.
func (b *responseBuffer) Unwrap() http.ResponseWriter { return b.connection }

// reset discards what was written.
func (b *responseBuffer) reset() {
	clear(b.header)
	b.status = 0
	b.buffer().Reset()
}

// send writes the response to w. The response to HEAD has the headers of GET, and no body.
func (b *responseBuffer) send(w http.ResponseWriter, r *http.Request) {
	b.WriteHeader(http.StatusOK)
	maps.Copy(w.Header(), b.header)
	if b.status == http.StatusNoContent {
		w.WriteHeader(b.status)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(b.buffer().Len()))
	w.WriteHeader(b.status)
	if r.Method != http.MethodHead {
		_ = api.WriteBody(w, r, b.buffer().Bytes()) // fails only if the client has gone
	}
}
