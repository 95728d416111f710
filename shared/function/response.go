package function

import (
	"bytes"
	"maps"
	"net/http"
	"strconv"

	"minifb/shared/api"
)

// A responseBuffer holds a response back until it is complete.
type responseBuffer struct {
	connection http.ResponseWriter
	header     http.Header
	status     int
	body       bytes.Buffer
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
	return b.body.Write(p)
}

// Unwrap lets http.ResponseController set the connection's deadlines.
func (b *responseBuffer) Unwrap() http.ResponseWriter { return b.connection }

// reset discards what was written.
func (b *responseBuffer) reset() {
	clear(b.header)
	b.status = 0
	b.body.Reset()
}

// send writes the response to w. The response to HEAD has the headers of GET, and no body.
func (b *responseBuffer) send(w http.ResponseWriter, r *http.Request) {
	b.WriteHeader(http.StatusOK)
	maps.Copy(w.Header(), b.header)
	if b.status == http.StatusNoContent {
		w.WriteHeader(b.status)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(b.body.Len()))
	w.WriteHeader(b.status)
	if r.Method != http.MethodHead {
		_ = api.WriteBody(w, r, b.body.Bytes()) // fails only if the client has gone
	}
}
