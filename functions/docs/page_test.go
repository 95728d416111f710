package main

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"minifb/shared/testkit/areatest"
)

// isPage checks the headers of a page.
func isPage(t *testing.T, r areatest.Response) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	policy := r.Header.Get("Content-Security-Policy") + ";"
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'",
		"frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "connect-src 'self'"} {
		if !strings.Contains(policy, part+";") {
			t.Errorf("Content-Security-Policy is %q, want %s in it", policy, part)
		}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	s.Run(t, []areatest.Step{
		{Name: "the front page", Do: "GET /", Want: 200, Check: isPage},
		{Name: "its header", Do: "HEAD /", Want: 200, Check: isPage},
		{Name: "with a query", Do: "GET /?from=mail", Want: 200, Check: isPage},
		{Name: "for a client that wants JSON", Do: "GET /", Header: map[string]string{"Accept": "application/json"},
			Want: 200, Check: isPage},
		{Name: "another method", Do: "POST /", Want: 405, Check: func(t *testing.T, r areatest.Response) {
			if got := r.Header.Get("Allow"); got != "GET, HEAD" {
				t.Errorf("Allow is %q", got)
			}
		}},
		{Name: "any other path", Do: "GET /nothing", Want: 404},
		{Name: "the page to try calls", Do: "GET /docs", Want: 200, Check: isPage},
		{Name: "its header", Do: "HEAD /docs", Want: 200, Check: isPage},
		{Name: "with a slash", Do: "GET /docs/", Want: 404},
		{Name: "another method", Do: "DELETE /docs", Want: 405},
		{Name: "with a token", As: ann, Do: "GET /docs", Want: 200, Check: func(t *testing.T, r areatest.Response) {
			if got := r.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control is %q, want no-store", got)
			}
		}},
	})
}

// The front page leads to everything that there is to look at, and its paths work where something
// comes before all paths.
func TestFrontPageLinks(t *testing.T) {
	t.Parallel()
	page := string(areatest.New(t, routes).Do(t, nil, "GET /", "").Body)
	for _, path := range []string{"docs", "openapi.json", "backoffice", "post?size=1"} {
		if !strings.Contains(page, `<a href="`+path+`">`) {
			t.Errorf("the front page does not link to %s", path)
		}
	}
}

// The pages have no script and no style of their own, and each file that they name is there, and may
// be kept forever.
func TestPageAssets(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	inline := regexp.MustCompile(`<style|<script[^>]*>[^<]|<[^>]+\s(?:on\w+|style)=`)
	loaded := map[string]bool{}
	for _, path := range []string{"/", "/docs"} {
		page := string(s.Do(t, nil, "GET "+path, "").Body)
		if found := inline.FindString(page); found != "" {
			t.Errorf("the page %s has %q, which its policy forbids", path, found)
		}
		file := regexp.MustCompile(`(?:src|(?:link[^>]* href))="([^"]+)"`)
		for _, match := range file.FindAllStringSubmatch(page, -1) {
			loaded[match[1]] = true
		}
	}
	for path := range loaded {
		r := s.Do(t, nil, "GET /"+path, "")
		want := map[string]string{
			"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml",
		}[path[strings.LastIndex(path, ".")+1:]]
		if got := r.Header.Get("Content-Type"); r.Status != http.StatusOK || got != want || len(r.Body) == 0 {
			t.Errorf("%s: status %d, Content-Type %q, %d bytes", path, r.Status, got, len(r.Body))
		}
		if got := r.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control is %q", path, got)
		}
	}
	if len(loaded) != 7 {
		t.Errorf("the pages load %d files, want three scripts, three style sheets and an icon", len(loaded))
	}
	s.Run(t, []areatest.Step{
		{Name: "of another release", Do: "GET /docs/page/another/docs.js", Want: 200,
			Check: func(t *testing.T, r areatest.Response) {
				if got := r.Header.Get("Cache-Control"); got != "no-cache" {
					t.Errorf("Cache-Control is %q, want no-cache", got)
				}
			}},
		{Name: "one that docs.js imports", Do: "GET /docs/page/another/session.js", Want: 200},
		{Name: "no such file", Do: "GET /docs/page/another/nothing.js", Want: 404},
		{Name: "a file that is not for browsers", Do: "GET /docs/page/another/package.json", Want: 404},
	})
}

// The document is what was embedded, and its paths are those of the whole bundle.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	s.Run(t, []areatest.Step{
		{Name: "the document", Do: "GET /openapi.json", Want: 200, Check: func(t *testing.T, r areatest.Response) {
			kind, caching := r.Header.Get("Content-Type"), r.Header.Get("Cache-Control")
			if kind != "application/json" || caching != "no-cache" {
				t.Errorf("Content-Type is %q, Cache-Control %q", kind, caching)
			}
			var document struct {
				OpenAPI string
				Paths   map[string]any
			}
			if err := json.Unmarshal(r.Body, &document); err != nil || !strings.HasPrefix(document.OpenAPI, "3.1.") {
				t.Errorf("OpenAPI %q: %v", document.OpenAPI, err)
			}
			for _, path := range []string{"/", "/post/{id}", "/backoffice/stat/server"} {
				if document.Paths[path] == nil {
					t.Errorf("the document does not have the path %s", path)
				}
			}
		}},
		{Name: "its header", Do: "HEAD /openapi.json", Want: 200},
		{Name: "another method", Do: "PUT /openapi.json", Want: 405},
	})
}
