package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// A Request is a request of a case.
type Request struct {
	Do     string   // the method and the path as they are sent, such as "GET /post?size=1"
	As     *User    // whose access token is sent; nil: none
	Body   any      // a string is sent as it is, another value as JSON; nil: no body
	Type   string   // the Content-Type; empty: application/json if there is a body
	Header []string // further lines, such as "If-Match: *"
}

// JSON is an object of a request's body.
type JSON map[string]any

func (r Request) encode() string {
	switch body := r.Body.(type) {
	case nil:
		return ""
	case string:
		return body
	default:
		text, err := json.Marshal(body)
		if err != nil {
			panic(err) // a mistake in a case
		}
		return string(text)
	}
}

// lines returns the headers.
func (r Request) lines() []string {
	var lines []string
	if r.As != nil {
		lines = append(lines, "Authorization: Bearer "+r.As.Access)
	}
	if r.Type != "" {
		lines = append(lines, "Content-Type: "+r.Type)
	} else if r.Body != nil {
		lines = append(lines, "Content-Type: application/json")
	}
	return append(lines, r.Header...)
}

// longest is how much of a body, a header or a path a report shows.
const longest = 400

// describe returns the request for a report, without what is to be hidden. Tokens are cut.
func (r Request) describe(hide func(string) string) string {
	var out strings.Builder
	out.WriteString(cut(hide(r.Do)))
	for _, line := range r.lines() {
		line = hide(line)
		if strings.HasPrefix(line, "Authorization: ") && len(line) > 40 {
			line = line[:40] + "…"
		}
		out.WriteString("\n" + cut(line))
	}
	if body := r.encode(); body != "" {
		out.WriteString("\n\n" + cut(hide(body)))
	}
	return out.String()
}

func cut(text string) string {
	if len(text) <= longest {
		return strings.ToValidUTF8(text, "\uFFFD")
	}
	return strings.ToValidUTF8(fmt.Sprintf("%s… (%d bytes)", text[:longest], len(text)), "\uFFFD")
}

// maxResponse is how many bytes of a response are read.
const maxResponse = 4 << 20

// send sends a request and reads the whole response.
func (t *T) send(r Request) (*Response, error) {
	method, target, _ := strings.Cut(r.Do, " ")
	body := r.encode()
	in, err := http.NewRequestWithContext(t.ctx, method, t.run.o.URL, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body == "" {
		in.Body, in.ContentLength = http.NoBody, 0
	}
	prefix := in.URL.EscapedPath() // of a server whose routes are below a path
	in.URL = &url.URL{Scheme: in.URL.Scheme, Host: in.URL.Host, Opaque: strings.TrimSuffix(prefix, "/") + target}
	for _, line := range r.lines() {
		name, value, _ := strings.Cut(line, ": ")
		in.Header.Add(name, value)
	}
	if in.Header.Get("User-Agent") == "" {
		in.Header.Set("User-Agent", "minifb-check")
	}
	out, err := t.run.client.Do(in)
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	text, err := io.ReadAll(io.LimitReader(out.Body, maxResponse))
	if err != nil {
		return nil, err
	}
	return &Response{t: t, request: r, Status: out.StatusCode, Header: out.Header, Body: bytes.TrimSpace(text)}, nil
}

// Send sends a request, and checks what every response has to have.
func (t *T) Send(r Request) *Response {
	response, err := t.send(r)
	return t.accept(r, response, err)
}

// Try sends a request, and does not check its response.
func (t *T) Try(r Request) *Response {
	response, err := t.send(r)
	if err != nil {
		return t.accept(r, response, err)
	}
	t.last = response
	return response
}

func (t *T) accept(r Request, response *Response, err error) *Response {
	if err != nil {
		t.last = &Response{t: t, request: r}
		t.Failf("a response", "%v", err)
	}
	t.last = response
	rule := t.rule
	t.run.o.Always(response)
	t.rule = rule
	return response
}

// Together sends requests at the same time. The responses are in the requests' order.
func (t *T) Together(requests []Request) []*Response {
	responses := make([]*Response, len(requests))
	errs := make([]error, len(requests))
	var all sync.WaitGroup
	for i, r := range requests {
		all.Go(func() { responses[i], errs[i] = t.send(r) })
	}
	all.Wait()
	for i, r := range requests {
		t.accept(r, responses[i], errs[i])
	}
	return responses
}
