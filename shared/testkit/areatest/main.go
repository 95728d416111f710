package areatest

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/function"
)

// Main is an area's TestMain. It runs the tests, and fails if they never call one of the area's
// routes successfully, or never with one of the properties of its body, or if migrations/grants.sql
// gives the area's role a right that none of the statements that they execute needs. Requests of the
// EveryRoute checks do not count as calls, as they run for every route alike. It checks only complete
// runs: not with -run, -short, -list, -bench and the like.
func Main(m *testing.M, routes function.Routes) {
	code := run(m.Run, routes, &calls, flagValue, os.Stderr)
	if code == 0 && complete(flagValue) && role() != "" {
		code = checkGrants(context.Background(), routes, os.Stderr)
	}
	os.Exit(code)
}

func run(
	tests func() int, routes function.Routes, calls *callLog, flagValue func(name string) string, output io.Writer,
) (code int) {
	code = tests()
	if code != 0 || !complete(flagValue) {
		return code
	}
	text, err := describe(routes)
	if err != nil {
		fmt.Fprintln(output, err)
		return 1
	}
	for _, operation := range operations(text) {
		route := routeOf(operation)
		if !calls.succeeded(route) {
			const advice = "add one that calls it through areatest and gets a 2xx or 3xx"
			fmt.Fprintf(output, "%s has no test of its own: %s\n", route, advice)
			code = 1
			continue
		}
		for _, name := range bodyProperties(text, operation) {
			if !calls.succeeded(route + " " + name) {
				fmt.Fprintf(output, "%s has no test with %s: add one that sends it and gets a 2xx\n", route, name)
				code = 1
			}
		}
	}
	return code
}

// bodyProperties returns the names of the properties of an operation's request body.
func bodyProperties(text *huma.OpenAPI, operation *huma.Operation) []string {
	if operation.RequestBody == nil {
		return nil
	}
	schema := resolve(text, operation.RequestBody.Content["application/json"].Schema)
	return slices.Sorted(maps.Keys(schema.Properties))
}

func flagValue(name string) string { return flag.Lookup(name).Value.String() }

// complete reports whether a run with these flags is of all tests.
func complete(flagValue func(name string) string) bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.bench", "test.fuzz"} {
		if flagValue(name) != "" {
			return false
		}
	}
	return flagValue("test.short") != "true" && flagValue("test.count") != "0"
}

// calls has the requests of this process.
var calls callLog

// A callLog knows the calls that succeeded: "PATCH /post/{id}" is a call of the route, and
// "PATCH /post/{id} content" one with this property in its body. It is safe for concurrent use.
type callLog struct {
	mu    sync.Mutex
	calls map[string]bool
}

func (l *callLog) succeeded(call string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls[call]
}

// add adds a call of the route with this body.
func (l *callLog) add(route string, body []byte) {
	var properties map[string]json.RawMessage
	_ = json.Unmarshal(body, &properties) // a route without a body ignores one that is not JSON
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls == nil {
		l.calls = map[string]bool{}
	}
	l.calls[route] = true
	for name := range properties {
		l.calls[route+" "+name] = true
	}
}

// recorder returns a handler that notes the routes of successful requests to another handler, which
// serves the operations of the text.
func (l *callLog) recorder(handler http.Handler, text *huma.OpenAPI) http.Handler {
	routes := http.NewServeMux() // only to find the route of a request
	for _, operation := range operations(text) {
		pattern := routeOf(operation)
		if operation.Path == "/" {
			pattern += "{$}" // to the mux, / is every path
		}
		routes.Handle(pattern, http.NotFoundHandler())
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorded := statusWriter{ResponseWriter: w}
		var body bytes.Buffer
		r = r.WithContext(r.Context()) // a copy: the server looks at the type of its own request's body
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(r.Body, &body), r.Body}
		handler.ServeHTTP(&recorded, r)
		_, route := routes.Handler(r)
		route = strings.TrimSuffix(route, "{$}")
		if recorded.status < http.StatusBadRequest && strings.HasPrefix(route, r.Method+" ") { // HEAD is not GET
			l.add(route, body.Bytes())
		}
	})
}

// A statusWriter keeps the status of the response.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
