// Package router picks a handler by method and path. It is http.ServeMux without redirects and
// plain-text responses: a request that does not match a route exactly goes to one of two hooks.
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
	// NotFound serves a request whose path no route has. A path with a trailing slash, an empty
	// segment or a dot segment, percent-encoded or not, is one of these. So is one in which a segment
	// is an encoded slash alone, or which has an encoded slash and a character that no URI may have.
	NotFound func(w http.ResponseWriter, r *http.Request)
	// MethodNotAllowed serves a request whose path has routes, but none for its method. The Allow
	// header is set; allow is its value.
	MethodNotAllowed func(w http.ResponseWriter, r *http.Request, allow string)

	mux *http.ServeMux
}

// New returns a router without routes. Its hooks write the status alone.
func New() *Router {
	return &Router{
		NotFound: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
		MethodNotAllowed: func(w http.ResponseWriter, _ *http.Request, _ string) {
			w.WriteHeader(http.StatusMethodNotAllowed)
		},
		mux: http.NewServeMux(),
	}
}

// Handle adds a route such as "GET /post/{id}", which serves HEAD, too. {id} is one segment: an
// encoded slash in it is part of r.PathValue("id"). Like http.ServeMux, Handle panics if the
// pattern is malformed or overlaps another, and it also panics if the pattern has no method, a
// host, or a trailing slash: no request could match it. The path / alone is a route like any other.
func (t *Router) Handle(pattern string, h http.Handler) {
	method, route, ok := strings.Cut(pattern, " ")
	if !ok || method == "" || !strings.HasPrefix(route, "/") || path.Clean(route) != route {
		panic(fmt.Sprintf("router: %q is not of the form \"GET /post/{id}\"", pattern))
	}
	if route == "/" {
		// To the mux, / would be every path that no other route has.
		t.mux.HandleFunc(pattern+only, func(w http.ResponseWriter, r *http.Request) {
			r.Pattern = strings.TrimSuffix(r.Pattern, only)
			h.ServeHTTP(w, r)
		})
		return
	}
	t.mux.Handle(pattern, h)
}

const only = "{$}" // in a pattern of the mux, the end of the path

// HandleFunc is Handle for a function. huma adds its routes with it.
func (t *Router) HandleFunc(pattern string, f func(http.ResponseWriter, *http.Request)) {
	t.Handle(pattern, http.HandlerFunc(f))
}

// ServeHTTP serves r by its route, which sets r.Pattern and the values of r.PathValue. For a
// request that a hook serves, r.Pattern stays empty.
func (t *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !exact(r.URL) {
		t.NotFound(w, r)
		return
	}
	refusal, pattern := t.mux.Handler(r)
	if pattern != "" {
		t.mux.ServeHTTP(w, r) // not the handler just found: only the mux sets the path's values
		return
	}
	// The mux names the allowed methods only in its response.
	response := headerWriter{}
	refusal.ServeHTTP(response, r)
	if allow := http.Header(response).Get("Allow"); allow != "" {
		w.Header().Set("Allow", allow)
		t.MethodNotAllowed(w, r, allow)
		return
	}
	t.NotFound(w, r)
}

// exact reports whether the path is written as a route's could be. The mux would redirect most
// other paths.
func exact(u *url.URL) bool {
	p := u.EscapedPath()
	if !strings.HasPrefix(p, "/") || path.Clean(p) != p {
		return false
	}
	// A path with a character that no URI may have was decoded and encoded anew, so that an encoded
	// slash in it became a plain one.
	if u.RawPath != "" && strings.Count(u.RawPath, "/") != strings.Count(p, "/") {
		return false
	}
	// A dot segment may be percent-encoded. Proxies resolve such a segment, and the mux does not. An
	// encoded slash alone is the end of the path to the mux.
	for segment := range strings.SplitSeq(p, "/") {
		if len(segment) > len("%2e%2e") || !strings.Contains(segment, "%") {
			continue
		}
		if s, err := url.PathUnescape(segment); err != nil || s == "." || s == ".." || s == "/" {
			return false
		}
	}
	return true
}

// A headerWriter keeps the header of a response, and discards the rest.
type headerWriter http.Header

func (w headerWriter) Header() http.Header         { return http.Header(w) }
func (w headerWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w headerWriter) WriteHeader(int)             {}
