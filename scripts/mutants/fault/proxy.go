// Package fault plants faults in a server: a proxy in front of it distorts some of its responses, or
// some of the requests to it. What checks the server should notice each of them.
package fault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"minifb/shared/router"
)

// A Fault is a mistake that a server could have.
type Fault struct {
	Name    string
	on      string // the only route that has it, such as "GET /post/{id}"; empty: every request
	distort func(*exchange)
}

// None is no fault.
var None = Fault{Name: "none", distort: (*exchange).forward}

// An exchange is a request and, after forward, its response.
type exchange struct {
	method, target string // as sent
	route          string // such as "GET /post/{id}"; empty: none
	header         http.Header
	body           []byte

	status   int
	out      http.Header
	response []byte

	proxy *Proxy
}

// A Proxy passes requests on to a server, and distorts them by a fault.
type Proxy struct {
	fault  Fault
	behind *url.URL
	routes *router.Router // of the server; each leads to serve
	client *http.Client

	mu     sync.Mutex
	stored map[string]any // what the fault remembers
	broken error          // a request that was not passed on, or a mistake in the fault itself
}

// NewProxy returns a proxy in front of the server at this URL, which has these routes.
func NewProxy(f Fault, behind *url.URL, routes []string) *Proxy {
	p := &Proxy{
		fault: f, behind: behind, routes: router.New(), stored: map[string]any{},
		client: &http.Client{
			Transport: &http.Transport{
				MaxIdleConnsPerHost: 32, DisableCompression: true, IdleConnTimeout: time.Minute,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	for _, route := range routes {
		p.routes.HandleFunc(route, p.serve)
	}
	p.routes.NotFound = p.serve
	p.routes.MethodNotAllowed = func(w http.ResponseWriter, r *http.Request, _ string) {
		w.Header().Del("Allow") // the server's is passed on, if the fault leaves it
		p.serve(w, r)
	}
	return p
}

// Close closes the connections to the server.
func (p *Proxy) Close() { p.client.CloseIdleConnections() }

// Broken returns an error if a request could not be passed on, or the fault could not distort a response.
func (p *Proxy) Broken() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.broken
}

func (p *Proxy) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = errors.Join(p.broken, err)
}

// ServeHTTP serves a request with the fault.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.routes.ServeHTTP(w, r) }

// serve is ServeHTTP once the router has set the request's route.
func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if cause := recover(); cause != nil {
			p.fail(fmt.Errorf("the fault %q of %s %s: %v", p.fault.Name, r.Method, r.RequestURI, cause))
		}
	}()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	x := &exchange{
		method: r.Method, target: r.RequestURI, route: r.Pattern, header: r.Header, body: body, proxy: p,
	}
	if p.fault.on != "" && p.fault.on != x.route {
		x.forward()
	} else {
		p.fault.distort(x)
	}
	x.rememberCreated()
	for name, values := range x.out {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(x.status)
	_, _ = w.Write(x.response)
}

// rememberCreated remembers what a request has created, and by which token.
func (x *exchange) rememberCreated() {
	if x.status != http.StatusCreated {
		return
	}
	if x.route == "POST /signup" {
		x.remember("signed up "+x.text("id"), true)
	}
	path, _ := x.query()
	location := x.out.Get("Location")
	x.remember("creator of "+location, x.header.Get("Authorization"))
	x.remember("list of "+location, path)
}

// forward sends the request as it is now, and keeps the response.
func (x *exchange) forward() {
	r := &http.Request{
		Method: x.method, Header: x.header.Clone(), ContentLength: int64(len(x.body)),
		URL: &url.URL{Scheme: x.proxy.behind.Scheme, Host: x.proxy.behind.Host, Opaque: x.target},
	}
	if body := x.body; len(body) > 0 {
		// With GetBody a request is sent again if the server has just closed an idle connection.
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	response, err := x.proxy.client.Do(r)
	if err == nil {
		defer response.Body.Close()
		x.status, x.out = response.StatusCode, response.Header
		x.response, err = io.ReadAll(response.Body)
	}
	if err != nil {
		x.proxy.fail(fmt.Errorf("%s %s was not passed on: %w", x.method, x.target, err))
		x.status, x.out, x.response = http.StatusBadGateway, http.Header{}, nil
	}
}

// refuse responds with an error in place of the server.
func (x *exchange) refuse(status int, hint string) {
	x.out = http.Header{
		"Content-Type": {"application/json"}, "X-Content-Type-Options": {"nosniff"}, "X-Request-Id": {"proxy"},
	}
	if sent := x.header.Get("X-Request-Id"); sent != "" {
		x.out.Set("X-Request-Id", sent)
	}
	if x.header.Get("Authorization") != "" {
		x.out.Set("Cache-Control", "no-store")
	}
	if status == http.StatusUnauthorized {
		x.out.Set("WWW-Authenticate", "Bearer")
	}
	x.fail(status, hint)
}

// fail replaces status and body by those of an error.
func (x *exchange) fail(status int, hint string) {
	x.status = status
	x.response = encode(map[string]any{"result": http.StatusText(status), "hint": hint})
	x.out.Set("Content-Type", "application/json")
}

// succeed replaces status and body by those of a success.
func (x *exchange) succeed(status int, body any) {
	x.status = status
	x.response = encode(body)
	x.out.Set("Content-Type", "application/json")
}

// ok reports whether the response is a success.
func (x *exchange) ok() bool { return x.status >= 200 && x.status <= 299 }

// remember keeps a value for this key.
func (x *exchange) remember(key string, value any) {
	x.proxy.mu.Lock()
	defer x.proxy.mu.Unlock()
	x.proxy.stored[key] = value
}

// recall returns what was kept for this key, or nil.
func (x *exchange) recall(key string) any {
	x.proxy.mu.Lock()
	defer x.proxy.mu.Unlock()
	return x.proxy.stored[key]
}

// recallText returns the text that was kept for this key, or "".
func (x *exchange) recallText(key string) string {
	text, _ := x.recall(key).(string)
	return text
}

func decode(text []byte) (value any) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil {
		return nil
	}
	return value
}

func encode(value any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // it was decoded from JSON
	}
	return bytes.TrimSpace(out.Bytes())
}

// sent returns the object of the request's body; nil if it is none.
func (x *exchange) sent() map[string]any {
	object, _ := decode(x.body).(map[string]any)
	return object
}

// text returns a member of the request's body.
func (x *exchange) text(name string) string {
	text, _ := x.sent()[name].(string)
	return text
}

// query returns the path and the parameters as sent.
func (x *exchange) query() (path string, parameters url.Values) {
	path, query, _ := strings.Cut(x.target, "?")
	parameters, err := url.ParseQuery(query)
	if err != nil {
		return path, url.Values{}
	}
	return path, parameters
}

// lastPart returns the last part of the path.
func (x *exchange) lastPart() string {
	path, _ := x.query()
	return path[strings.LastIndex(path, "/")+1:]
}
