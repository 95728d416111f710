package function

import (
	"bytes"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"unicode/utf8"

	"minifb/shared/api"
)

// A lambdaRequestFixer serves the requests that algnhsa makes of events. It first sets what algnhsa
// has lost or misread.
type lambdaRequestFixer struct{ handler *Handler }

func (f lambdaRequestFixer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := r.Context().Value(eventKey{}).(*event)
	r.Host, r.RequestURI = e.host, e.target
	r.RemoteAddr = net.JoinHostPort(e.source, "0") // events do not have the port
	r.Header.Set("X-Forwarded-For", e.source)      // like nginx: the client's own value does not count
	response := &eventResponse{w, e}

	body, err := io.ReadAll(r.Body)
	if err != nil {
		f.handler.refuse(response, r, api.BodyNotBase64)
		return
	}
	body = restoreInvalidUTF8(body, r.Header.Get("Content-Length"))
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	target, err := url.ParseRequestURI(e.target)
	if err != nil {
		f.handler.refuse(response, r, api.MalformedPath)
		return
	}
	r.URL = target
	f.handler.ServeHTTP(response, r)
}

// restoreInvalidUTF8 returns the body with invalid bytes where the client sent invalid ones, so
// that it is refused and not stored. An event cannot hold them: the gateway puts U+FFFD in their
// place. The body is then longer than its Content-Length, which tells it from one that had a U+FFFD
// from the start.
func restoreInvalidUTF8(body []byte, contentLength string) []byte {
	if length, err := strconv.Atoi(contentLength); err != nil || length >= len(body) {
		return body
	}
	return bytes.ReplaceAll(body, []byte("\uFFFD"), []byte{0xff})
}

// refuse responds to a request that an HTTP server would have refused before its handler.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, refusal api.Refusal) {
	h.serve(w, r, func(w http.ResponseWriter, _ *http.Request) { api.Write(w, refusal.With()) })
}

// An eventResponse passes a response on to algnhsa. It removes the headers of the connection, which
// the gateway sets itself, and encodes a body that is not UTF-8 as base64: JSON cannot
// hold it.
type eventResponse struct {
	http.ResponseWriter
	event *event
}

func (r *eventResponse) WriteHeader(status int) {
	r.Header().Del("Connection")
	r.Header().Del("Content-Length")
	r.ResponseWriter.WriteHeader(status)
}

// Write is called once, with the whole body: see responseBuffer.send.
func (r *eventResponse) Write(body []byte) (int, error) {
	if utf8.Valid(body) {
		return r.ResponseWriter.Write(body)
	}
	r.event.isBase64 = true
	_, err := io.WriteString(r.ResponseWriter, base64.StdEncoding.EncodeToString(body))
	return len(body), err
}
