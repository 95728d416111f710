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

// mended serves the requests that algnhsa makes of events, after putting right what it makes of them.
type mended struct{ handler *Handler }

func (m mended) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := r.Context().Value(eventKey{}).(*event)
	r.Host, r.RequestURI = e.host, e.target
	r.RemoteAddr = net.JoinHostPort(e.source, "0") // no gateway tells the port
	r.Header.Set("X-Forwarded-For", e.source)      // as nginx does: what the caller claims does not count
	answer := &eventAnswer{w, e}

	body, err := io.ReadAll(r.Body)
	if err != nil {
		m.handler.refuse(answer, r, api.BodyNotBase64)
		return
	}
	body = unreplaced(body, r.Header.Get("Content-Length"))
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	target, err := url.ParseRequestURI(e.target)
	if err != nil {
		m.handler.refuse(answer, r, api.MalformedPath)
		return
	}
	r.URL = target
	m.handler.ServeHTTP(answer, r)
}

// unreplaced is the body with bytes that are not UTF-8 where it had them. An event cannot hold such bytes: a gateway puts U+FFFD in their
// place, and the caller would have it stored. That the body has grown by it tells it from one that was sent.
func unreplaced(body []byte, sent string) []byte {
	if length, err := strconv.Atoi(sent); err != nil || length >= len(body) {
		return body
	}
	return bytes.ReplaceAll(body, []byte("\uFFFD"), []byte{0xff})
}

// refuse answers 400 to what no HTTP server would have handed on.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, refusal api.Refusal) {
	h.around(w, r, func(w http.ResponseWriter, _ *http.Request) {
		api.Write(w, refusal.With())
	})
}

// An eventAnswer is the answer on its way to algnhsa. It leaves the connection's headers to the gateway, which makes its own, and
// turns a body that is no text into base64, as JSON would spoil it whatever its Content-Type says.
type eventAnswer struct {
	http.ResponseWriter
	event *event
}

func (a *eventAnswer) WriteHeader(status int) {
	a.Header().Del("Connection")
	a.Header().Del("Content-Length")
	a.ResponseWriter.WriteHeader(status)
}

// Write takes the whole body at once, as the Handler sends it.
func (a *eventAnswer) Write(body []byte) (int, error) {
	if utf8.Valid(body) {
		return a.ResponseWriter.Write(body)
	}
	a.event.binary = true
	_, err := io.WriteString(a.ResponseWriter, base64.StdEncoding.EncodeToString(body))
	return len(body), err
}
