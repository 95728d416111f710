package router_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var fuzzRoutes = []string{
	"GET /", "GET /post/{id}", "PATCH /post/{id}", "GET /post", "POST /signup", "GET /post/{id}/comment",
	"GET /notification/unread-count", "PATCH /notification/{id}",
}

// FuzzServe compares the router with the rules, which expected follows byte by byte.
func FuzzServe(f *testing.F) {
	for _, target := range []string{
		"/", "//", "/%2F", "/post", "/post/14?x=/../", "/post/a%2Fb", "/post/%2F", "/p%6Fst/%31",
		"/post/%2e%2E", "/post/...", "/post/a%2e", "/./post", "/post/", "/post/1/comment", "/notification/unread-count",
		"/post/안%2Fcomment", "/post/%", "/post/%00", "/post/a|b^c", "/post/1#x", "/post/1;x",
		"http://elsewhere.example/post/1", "*", "",
	} {
		f.Add("GET", target)
	}
	f.Add("HEAD", "/post/1")
	f.Add("CONNECT", "/post/1")
	f.Add("PATCH", "/notification/unread-count")
	rt := newRouter()
	rt.Handle("GET /", http.HandlerFunc(echo))
	f.Fuzz(func(t *testing.T, method, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || method == "" {
			return // net/http refuses it
		}
		r := &http.Request{Method: method, URL: u, Host: "here.example", RequestURI: target, Header: http.Header{}}
		w := httptest.NewRecorder()
		rt.ServeHTTP(w, r)
		if location := w.Header().Get("Location"); location != "" {
			t.Fatalf("%s %q: redirects to %s", method, target, location)
		}
		if allow := w.Header().Get("Allow"); (w.Code == 405) != (allow != "") || (w.Code == 200) != (r.Pattern != "") {
			t.Fatalf("%s %q: %d with Allow %q and the pattern %q", method, target, w.Code, allow, r.Pattern)
		}
		if path, _, _ := strings.Cut(target, "?"); strings.HasPrefix(path, "/") {
			if got, want := fmt.Sprintf("%d %s", w.Code, w.Body), expected(method, path); got != want {
				t.Fatalf("%s %q: got %s, want %s", method, target, got, want)
			}
		}
	})
}

var (
	notOfURI     = regexp.MustCompile(`[^A-Za-z0-9._~!$&'()*+,;=:@/%\[\]-]`)
	encodedSlash = regexp.MustCompile(`(?i)%2f`)
)

// expected returns the response to a request with this path, as sent.
func expected(method, path string) string {
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		decoded, err := url.PathUnescape(s)
		if err != nil || decoded == "." || decoded == ".." || decoded == "/" || decoded == "" && path != "/" {
			return "404 none"
		}
		segments[i] = decoded
	}
	if notOfURI.MatchString(path) && encodedSlash.MatchString(path) {
		return "404 none"
	}
	var allowed []string
	best, literals, id := "", -1, ""
	for _, route := range fuzzRoutes {
		m, pattern, _ := strings.Cut(route, " ")
		value, n, ok := match(strings.Split(pattern[1:], "/"), segments)
		if !ok {
			continue
		}
		allowed = append(allowed, m)
		if (m == method || m == "GET" && method == "HEAD") && n > literals {
			best, literals, id = route, n, value
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("200 %s id=%q", best, id)
	case len(allowed) == 0:
		return "404 none"
	}
	allow := ""
	for _, m := range []string{"GET", "HEAD", "PATCH", "POST"} { // as the mux sorts them
		if strings.Contains(strings.Replace(strings.Join(allowed, " "), "GET", "GET HEAD", 1), m) {
			allow += ", " + m
		}
	}
	return "405 allow " + allow[2:]
}

// match returns the value of {id} and the number of the other segments.
func match(pattern, segments []string) (id string, literals int, ok bool) {
	if len(pattern) != len(segments) {
		return "", 0, false
	}
	for i, p := range pattern {
		switch {
		case p == "{id}":
			id = segments[i]
		case p != segments[i]:
			return "", 0, false
		default:
			literals++
		}
	}
	return id, literals, true
}
