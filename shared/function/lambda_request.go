package function

import (
	"bytes"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"minifb/shared/api"
)

// An eventServer serves the requests that algnhsa makes of plain events, with what the real event
// says.
type eventServer struct{ handler *Handler }

func (s eventServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := r.Context().Value(eventKey{}).(*event)
	response := &eventResponse{w, e}
	r.Host, r.RequestURI, r.Header = e.host, e.target, e.header
	r.RemoteAddr = net.JoinHostPort(e.source, "0") // events do not have the port
	r.Header.Set("X-Forwarded-For", e.source)      // like nginx: the client's own value does not count
	body, err := e.readBody()
	if err != nil {
		s.handler.refuse(response, r, api.BodyNotBase64)
		return
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if r.URL, err = url.ParseRequestURI(e.target); err != nil {
		r.URL = &url.URL{}
		s.handler.refuse(response, r, api.MalformedPath)
		return
	}
	s.handler.ServeHTTP(response, r)
}

// readBody returns the request's body. An event with a text cannot hold invalid UTF-8: the gateway
// puts U+FFFD in its place, which cannot be told from a U+FFFD that was sent. So each becomes an
// invalid byte, for the body to be refused and not stored. A body in base64 is as it was sent.
func (e *event) readBody() ([]byte, error) {
	if e.bodyIsBase64 {
		return base64.StdEncoding.DecodeString(e.body)
	}
	return []byte(strings.ReplaceAll(e.body, "\uFFFD", "\xff")), nil
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
	r.event.responseIsBase64 = true
	_, err := io.WriteString(r.ResponseWriter, base64.StdEncoding.EncodeToString(body))
	return len(body), err
}
