package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"minifb/shared/api"
	"minifb/shared/apperror"
	"minifb/shared/testkit/programs"
)

// callAPI defines a function that calls the API as the page of a client does.
const callAPI = `globalThis.call = async (method, path, options = {}) => {
	const headers = { ...options.headers };
	if (options.token) headers.Authorization = "Bearer " + options.token;
	if (options.body) headers["Content-Type"] = "application/json";
	const response = await fetch(%q + path, { method, headers, body: options.body && JSON.stringify(options.body) });
	const text = await response.text();
	const header = Object.fromEntries(response.headers);
	return { Status: response.status, Header: header, Body: text ? JSON.parse(text) : null };
}; true`

// A called is the response to a call, so far as the browser shows it to the page. Names of headers are in
// small letters.
type called struct {
	Status int
	Header map[string]string
	Body   map[string]any
}

// elsewhere serves an empty page, from an origin that is not that of the API.
func elsewhere(t *testing.T) (origin string) {
	t.Helper()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<!doctype html><link rel="icon" href="data:,"><title>A client</title>`)
	}))
	t.Cleanup(page.Close)
	return page.URL
}

// visitFrom opens the page of another origin that calls the API of a site.
func visitFrom(t *testing.T, origin string, s *site) *tab {
	t.Helper()
	p := open(t, desktop)
	p.api = s.URL
	p.do(chromedp.Navigate(origin))
	eval[bool](p, fmt.Sprintf(callAPI, s.URL))
	return p
}

// call calls the API. The options are an object of JavaScript.
func (p *tab) call(want int, do, options string) called {
	p.t.Helper()
	method, path, _ := strings.Cut(do, " ")
	got := eval[called](p, fmt.Sprintf("call(%q, %q, %s)", method, path, options))
	if got.Status != want {
		p.t.Fatalf("%s: %+v, want the status %d", do, got, want)
	}
	return got
}

// countBlocked returns how many calls the browser says that it has refused.
func (p *tab) countBlocked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.blocked
}

// A page of another origin can do all that an application needs, and reads errors and each exposed header.
func TestPageOfAnotherOrigin(t *testing.T) {
	t.Parallel()
	s := serveWith(t, map[string]string{"Limits": "check_id=1/1h"}, "account", "auth", "post")
	p := visitFrom(t, elsewhere(t), s)
	read := map[string]bool{}
	header := func(r called, name, want string) {
		t.Helper()
		if got := r.Header[strings.ToLower(name)]; got != want {
			t.Errorf("the page reads %s: %q, want %q", name, got, want)
		}
		read[name] = true
	}
	account := fmt.Sprintf(
		`{ body: { id: "ann.1", password: %q, name: "Ann" }, headers: { "X-Request-Id": "page-1" } }`, plain)
	r := p.call(201, "POST /signup", account)
	header(r, "Location", "/user/ann.1")
	header(r, "X-Request-Id", "page-1")
	r = p.call(200, "POST /auth", fmt.Sprintf(`{ body: { id: "ann.1", password: %q } }`, plain))
	token, err := json.Marshal(r.Body["access_token"])
	must(t, err)

	post := fmt.Sprintf(`{ token: %s, body: { content: "안녕" }, headers: { "Idempotency-Key": "k-1" } }`, token)
	created := p.call(201, "POST /post", post)
	header(created, "Idempotent-Replayed", "")
	again := p.call(201, "POST /post", post)
	header(again, "Idempotent-Replayed", "true")
	if again.Body["id"] != created.Body["id"] {
		t.Errorf("the same key made two posts: %v and %v", created.Body, again.Body)
	}
	path := created.Header["location"]
	header(p.call(200, "GET "+path, "{}"), "ETag", `"1"`)
	r = p.call(200, "GET /post", `{ headers: { "If-None-Match": '"1"' } }`) // there is no 304
	if items, _ := r.Body["items"].([]any); len(items) != 1 {
		t.Errorf("the page reads the posts %v, want one", r.Body)
	}
	r = p.call(412, "PATCH "+path,
		fmt.Sprintf(`{ token: %s, body: { content: "a" }, headers: { "If-Match": '"9"' } }`, token))
	if r.Body["result"] != "Precondition Failed" || r.Body["hint"] == "" {
		t.Errorf("the page reads the error %v", r.Body)
	}
	header(p.call(401, "GET /user", "{}"), "WWW-Authenticate", "Bearer")
	p.call(404, "GET /nowhere", "{}")
	p.call(204, "DELETE "+path, fmt.Sprintf(`{ token: %s }`, token))
	p.call(200, "GET /check/id/eve.1", "{}")
	if r = p.call(429, "GET /check/id/eve.1", "{}"); r.Header["retry-after"] == "" {
		t.Errorf("the page cannot read Retry-After of %+v", r)
	}
	read["Retry-After"] = true
	for name := range strings.SplitSeq(api.ExposedHeaders, ", ") {
		if !read[name] {
			t.Errorf("this test reads no %s", name)
		}
	}
	if n := p.countBlocked(); n > 0 {
		t.Errorf("the browser blocked %d calls", n)
	}
}

// The browser refuses to send what a page may not send, and to show it what it may not read, unless its origin is one
// of CORS_ORIGINS.
func TestOriginsThatMayNotCall(t *testing.T) {
	t.Parallel()
	origin := elsewhere(t)
	for name, c := range map[string]struct {
		origins string
		allowed bool
	}{
		"its own": {"https://page.example," + origin, true}, "another": {"https://page.example", false},
		"none": {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := serveWith(t, map[string]string{"Limits": "off", "CorsOrigins": c.origins}, "account", "post")
			p := visitFrom(t, origin, s)
			const try = `(async () => {
				const sent = [];
				for (const [method, path, options] of [
					["POST", "/signup", { body: { id: "ann.1", password: "correct horse", name: "Ann" } }],
					["GET", "/post", {}], ["GET", "/post", { headers: { "If-None-Match": "*" } }],
					["GET", "/nowhere", {}],
				]) {
					sent.push(await call(method, path, options).then((r) => String(r.Status), (e) => e.name));
				}
				return sent.join();
			})()`
			want := "TypeError,TypeError,TypeError,404" // a refusal of the gateway tells nothing of anybody
			if c.allowed {
				want = "201,200,200,404"
			}
			if got := eval[string](p, try); got != want {
				t.Errorf("the calls give %s, want %s", got, want)
			}
			_, err := s.store.UserByID(context.WithoutCancel(t.Context()), "ann.1")
			if refusal, ok := apperror.From(err); (err == nil) != c.allowed || ok && refusal.Code != apperror.NotFound {
				t.Errorf("the account: %v", err)
			}
			if !c.allowed { // the messages come after the failures
				blocked := func() bool { return p.countBlocked() == 3 }
				programs.Until(t, "the browser says that it blocked each call", blocked)
			} else if n := p.countBlocked(); n > 0 {
				t.Errorf("the browser blocked %d calls", n)
			}
		})
	}
}
