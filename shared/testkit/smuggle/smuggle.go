// Package smuggle sends requests whose end two servers in a row may see at different places, so that the second server
// takes what follows for another request. See RFC 9112, section 11.2.
package smuggle

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A request has the header fields that decide where its body ends, and the body. {length} stands for the body's length.
type request struct{ name, header, body string }

const (
	next    = "GET /post/666 HTTP/1.1\r\nHost: api.example\r\n\r\n"
	chunked = "0\r\n\r\n" + next // an empty body, if it is chunked
)

var requests = []request{
	{"two lengths", "Content-Length: 0\r\nContent-Length: {length}", next},
	{"two lengths, the long one first", "Content-Length: {length}\r\nContent-Length: 0", next},
	{"list of lengths", "Content-Length: 0, {length}", next},
	{"length with a sign", "Content-Length: +{length}", next},
	{"length in hexadecimal", "Content-Length: 0x{length}", next},
	{"length below zero", "Content-Length: -{length}", next},
	{"length that overflows", "Content-Length: 18446744073709551616", next},
	{"length with a space before the colon", "Content-Length : {length}", next},
	{"length behind a bare carriage return", "X: y\rContent-Length: {length}", next},
	{"length behind a bare line feed", "X: y\nContent-Length: {length}", next},
	{"length, then chunks", "Content-Length: {length}\r\nTransfer-Encoding: chunked", chunked},
	{"chunks, then length", "Transfer-Encoding: chunked\r\nContent-Length: {length}", chunked},
	{"unknown coding", "Content-Length: {length}\r\nTransfer-Encoding: xchunked", chunked},
	{"two codings", "Content-Length: {length}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity", chunked},
	{"list of codings", "Content-Length: {length}\r\nTransfer-Encoding: identity, chunked", chunked},
	{"coding with a space before the colon", "Content-Length: {length}\r\nTransfer-Encoding : chunked", chunked},
	{"coding behind a vertical tab", "Content-Length: {length}\r\nTransfer-Encoding: \x0bchunked", chunked},
	{"coding on a folded line", "Content-Length: {length}\r\nTransfer-Encoding:\r\n chunked", chunked},
	{"coding with an underscore", "Content-Length: {length}\r\nTransfer_Encoding: chunked", chunked},
	{"coding named by Connection", "Connection: Content-Length\r\nContent-Length: {length}", next},
	{"size of a chunk that overflows", "Transfer-Encoding: chunked", "FFFFFFFFFFFFFFFF1\r\n\r\n" + chunked},
	{"size of a chunk with a sign", "Transfer-Encoding: chunked", "+0\r\n\r\n" + next},
	{"size of a chunk with a prefix", "Transfer-Encoding: chunked", "0x0\r\n\r\n" + next},
	{"extension of a chunk with a line feed", "Transfer-Encoding: chunked", "2;\nxx\r\n40\r\n" + chunked},
}

// A Recorder is the handler of a function that records which requests reach it.
type Recorder struct {
	mu      sync.Mutex
	targets []string
}

// ServeHTTP reads the body, and returns the request's target in the header X-Target. A request whose body has no end is
// refused, as every view does.
func (r *Recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if _, err := io.Copy(io.Discard, request.Body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	r.targets = append(r.targets, request.RequestURI)
	r.mu.Unlock()
	w.Header().Set("X-Target", request.RequestURI)
}

func (r *Recorder) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	targets := strings.Join(r.targets, " ")
	r.targets = nil
	return targets
}

// Check sends each request to the proxy at this address, whose functions are served by the recorder. It fails the test
// if the functions serve another request than those that the client has responses to, or if the next client gets a
// response that is not its own.
func Check(t *testing.T, address string, functions *Recorder) {
	t.Helper()
	for _, r := range requests {
		t.Run(r.name, func(t *testing.T) {
			header := strings.ReplaceAll(r.header, "{length}", strconv.Itoa(len(r.body)))
			responses := send(t, address, "POST /post HTTP/1.1\r\nHost: api.example\r\n"+header+"\r\n\r\n"+r.body+
				"GET /post/1 HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n")
			if served := functions.take(); served != responses {
				t.Errorf("the functions have served %q, and the client has responses to %q", served, responses)
			}
			const other = "/post/2"
			responses = send(t, address, "GET "+other+" HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n")
			if served := functions.take(); served != other || responses != other {
				t.Errorf("the next client's request was served as %q, and its response is to %q", served, responses)
			}
		})
	}
}

// send returns the targets of the responses that came from functions.
func send(t *testing.T, address, text string) string {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	var targets []string
	reader := bufio.NewReader(conn)
	for {
		response, err := http.ReadResponse(reader, nil)
		if err != nil { // the end of the connection
			return strings.Join(targets, " ")
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if target := response.Header.Get("X-Target"); target != "" {
			targets = append(targets, target)
		}
	}
}
