package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestPage(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	headers := func(t *testing.T, r areatest.Response) {
		t.Helper()
		for name, want := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'",
			"frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "trusted-types 'none'"} {
			if policy := r.Header.Get("Content-Security-Policy"); !strings.Contains(policy+";", part+";") {
				t.Errorf("Content-Security-Policy is %q, want %s in it", policy, part)
			}
		}
	}
	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "GET /backoffice", Want: 200, Check: func(t *testing.T, r areatest.Response) {
			headers(t, r)
			if got := r.Header.Get("Cache-Control"); got != "no-cache" {
				t.Errorf("Cache-Control is %q, want no-cache", got)
			}
		}},
		{Name: "signed in", As: ann, Do: "GET /backoffice", Want: 200, Check: headers},
		{Name: "its header", Do: "HEAD /backoffice", Want: 200, Check: headers},
		{Name: "with a slash", Do: "GET /backoffice/", Want: 404},
		{Name: "another method", Do: "POST /backoffice", Want: 405},
	})
}

// The page has no script and no style of its own, and each file that it and its scripts name is
// there, and may be kept forever.
func TestPageAssets(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	page := string(s.Do(t, nil, "GET /backoffice", "").Body)
	inline := regexp.MustCompile(`<style|<script[^>]*>[^<]|<[^>]+\s(?:on\w+|style)=`)
	if found := inline.FindString(page); found != "" {
		t.Errorf("the page has %q, which its policy forbids", found)
	}
	var paths []string
	for _, match := range regexp.MustCompile(`(?:href|src)="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if strings.HasPrefix(match[1], "/") {
			t.Errorf("%s is not found where something comes before all paths, as on Lambda", match[1])
		}
		paths = append(paths, "/"+match[1])
	}
	imported := regexp.MustCompile(`(?m)^import .*"\./([^"]+)";$`)
	loaded := map[string]bool{}
	for len(paths) > 0 {
		path := paths[0]
		if paths = paths[1:]; loaded[path] {
			continue
		}
		loaded[path] = true
		r := s.Do(t, nil, "GET "+path, "")
		folder := path[:strings.LastIndex(path, "/")+1]
		want := map[string]string{
			"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml",
		}[path[strings.LastIndex(path, ".")+1:]]
		if got := r.Header.Get("Content-Type"); r.Status != http.StatusOK || got != want || len(r.Body) == 0 {
			t.Errorf("%s: status %d, Content-Type %q, %d bytes", path, r.Status, got, len(r.Body))
		}
		if got := r.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control is %q", path, got)
		}
		for _, match := range imported.FindAllSubmatch(r.Body, -1) {
			paths = append(paths, folder+string(match[1]))
		}
	}
	if len(loaded) < 10 {
		t.Errorf("the page loads %d files, want its scripts and style sheets", len(loaded))
	}
}

// During a deploy the page of one release may load the files of another. They must not be kept.
func TestPageAssetOfAnotherVersion(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	const folder = "GET /backoffice/page/another/"
	s.Run(t, []areatest.Step{
		{Name: "a script", Do: folder + "app.js", Want: 200, Check: func(t *testing.T, r areatest.Response) {
			if got := r.Header.Get("Cache-Control"); got != "no-cache" {
				t.Errorf("Cache-Control is %q, want no-cache", got)
			}
		}},
		{Name: "its header", Do: "HEAD /backoffice/page/another/app.js", Want: 200},
		{Name: "no such file", Do: folder + "nothing.js", Want: 404,
			Hint: "The page has no such file; load the page again."},
		{Name: "the page itself", Do: folder + "index.html", Want: 404},
		{Name: "a file that is not for browsers", Do: folder + "package.json", Want: 404},
		{Name: "a file elsewhere", Do: folder + "..%2froutes.go", Want: 404},
		{Name: "another method", Do: "DELETE /backoffice/page/another/app.js", Want: 405},
	})
}
