// Package router picks a handler by method and path. It is http.ServeMux without its redirects and its plain-text
// answers: what does not match a route to the letter is refused by the caller's own hooks.
package router

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// A Router is an http.Handler. Set the hooks and add the routes before it serves.
type Router struct {
	// NotFound answers where no route has this path: trailing slashes, empty segments and dot segments, percent-encoded
	// or not, are among them.
	NotFound func(w http.ResponseWriter, r *http.Request)
	// MethodNotAllowed answers where the path has routes, but none for this method. allow names those it has, as the
	// Allow header does; the header is already set.
	MethodNotAllowed func(w http.ResponseWriter, r *http.Request, allow string)

	mux *http.ServeMux
}

// New makes a router without routes, whose hooks answer the bare status.
func New() *Router {
	return &Router{
		NotFound: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
		MethodNotAllowed: func(w http.ResponseWriter, _ *http.Request, _ string) {
			w.WriteHeader(http.StatusMethodNotAllowed)
		},
		mux: http.NewServeMux(),
	}
}

// Handle adds a route such as "GET /post/{id}"; GET serves HEAD too. {id} is one segment: an encoded slash within it stays
// in r.PathValue("id"). Like ServeMux it panics on a pattern that is malformed or overlaps another, and besides on one without
// a method, with a host or with a trailing slash: none of these could ever be asked for.
func (t *Router) Handle(pattern string, h http.Handler) {
	method, route, ok := strings.Cut(pattern, " ")
	if !ok || method == "" || !strings.HasPrefix(route, "/") || path.Clean(route) != route {
		panic(fmt.Sprintf("router: %q is not of the form \"GET /post/{id}\"", pattern))
	}
	t.mux.Handle(pattern, h)
}

// HandleFunc is Handle for a function; huma adds its routes through it.
func (t *Router) HandleFunc(pattern string, f func(http.ResponseWriter, *http.Request)) {
	t.Handle(pattern, http.HandlerFunc(f))
}

// Pattern is the route that r would be served by, such as "GET /post/{id}"; "" where it would be refused.
func (t *Router) Pattern(r *http.Request) string {
	if !exact(r.URL) {
		return ""
	}
	_, pattern := t.mux.Handler(r)
	return pattern
}

// ServeHTTP serves r by its route. The handler finds the route in r.Pattern and its parts in r.PathValue.
func (t *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !exact(r.URL) {
		t.NotFound(w, r)
		return
	}
	refusal, pattern := t.mux.Handler(r)
	if pattern != "" {
		t.mux.ServeHTTP(w, r) // and not the handler just found: only the mux itself fills in the path's values
		return
	}
	// The mux tells what it would have allowed in its answer alone.
	answer := discard{}
	refusal.ServeHTTP(answer, r)
	if allow := http.Header(answer).Get("Allow"); allow != "" {
		w.Header().Set("Allow", allow)
		t.MethodNotAllowed(w, r, allow)
		return
	}
	t.NotFound(w, r)
}

// exact tells whether the path is written as a route's is. The mux would redirect most of what is not.
func exact(u *url.URL) bool {
	p := u.EscapedPath()
	if !strings.HasPrefix(p, "/") || path.Clean(p) != p {
		return false
	}
	// A dot may also be written %2E, which proxies resolve and the mux does not.
	for segment := range strings.SplitSeq(p, "/") {
		if len(segment) > len("%2e%2e") || !strings.Contains(segment, "%") {
			continue
		}
		if s, err := url.PathUnescape(segment); err != nil || s == "." || s == ".." {
			return false
		}
	}
	return true
}

// discard is the header of an answer that nobody gets.
type discard http.Header

func (d discard) Header() http.Header         { return http.Header(d) }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}
