package function

import (
	"bytes"
	"maps"
	"net/http"
	"strconv"
)

// An answer is a response that is held back until the handler is done with it.
type responseBuffer struct {
	connection http.ResponseWriter
	header     http.Header
	status     int
	body       bytes.Buffer
}

func (a *responseBuffer) Header() http.Header { return a.header }

func (a *responseBuffer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *responseBuffer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// Unwrap lets http.ResponseController reach the connection, for deadlines.
func (a *responseBuffer) Unwrap() http.ResponseWriter { return a.connection }

// reset forgets what was written, for an error that takes its place.
func (a *responseBuffer) reset() {
	clear(a.header)
	a.status = 0
	a.body.Reset()
}

// send passes the answer on. HEAD gets GET's headers alone, whatever runtime is below.
func (a *responseBuffer) send(w http.ResponseWriter, method string) {
	a.WriteHeader(http.StatusOK)
	maps.Copy(w.Header(), a.header)
	if a.status == http.StatusNoContent {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
	w.WriteHeader(a.status)
	if method != http.MethodHead {
		_, _ = w.Write(a.body.Bytes()) // the caller may be gone; nobody is left to tell
	}
}
