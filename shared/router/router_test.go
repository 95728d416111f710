package router_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"minifb/shared/router"
)

func echo(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s id=%q", r.Pattern, r.PathValue("id"))
}

func newRouter() *router.Router {
	rt := router.New()
	rt.NotFound = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "none")
	}
	rt.MethodNotAllowed = func(w http.ResponseWriter, _ *http.Request, allow string) {
		w.WriteHeader(http.StatusMethodNotAllowed)
		fmt.Fprint(w, "allow "+allow)
	}
	for _, pattern := range []string{
		"GET /post/{id}", "PATCH /post/{id}", "GET /post", "POST /signup", "GET /post/{id}/comment",
		"GET /notification/unread-count", "PATCH /notification/{id}",
	} {
		rt.Handle(pattern, http.HandlerFunc(echo))
	}
	return rt
}

// The requests are written to a connection as they are, because an HTTP client would clean their
// paths.
func TestServe(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(newRouter())
	server.Config.DisableGeneralOptionsHandler = true
	server.Start()
	t.Cleanup(server.Close)
	for _, c := range []struct {
		request string
		status  int
		body    string
	}{
		{"GET /post/14", 200, `GET /post/{id} id="14"`},
		{"GET /post/14?x=/../", 200, `GET /post/{id} id="14"`},
		{"HEAD /post/14", 200, ""},
		{"GET /post/a%2Fb", 200, `GET /post/{id} id="a/b"`},
		{"GET /post/%2Fcomment", 200, `GET /post/{id} id="/comment"`},
		{"GET /post/%2F", 404, "none"},
		{"GET /%2F", 404, "none"},
		{"GET /post/안%2Fcomment", 404, "none"},
		{"GET /post/안/comment", 200, `GET /post/{id}/comment id="안"`},
		{"GET /p%6Fst/%31", 200, `GET /post/{id} id="1"`},
		{"GET /post/a%2Eb", 200, `GET /post/{id} id="a.b"`},
		{"GET /post/...", 200, `GET /post/{id} id="..."`},
		{"GET http://elsewhere.example/post/1", 200, `GET /post/{id} id="1"`},
		{"GET /nothing", 404, "none"},
		{"GET /", 404, "none"},
		{"GET /post/", 404, "none"},
		{"GET /post/14/", 404, "none"},
		{"GET //post", 404, "none"},
		{"GET /post//comment", 404, "none"},
		{"GET /./post", 404, "none"},
		{"GET /post/../post", 404, "none"},
		{"GET /post/..", 404, "none"},
		{"GET /post/%2e%2E", 404, "none"},
		{"GET /post/%2e", 404, "none"},
		{"GET /post/.%2e/comment", 404, "none"},
		{"GET /POST/1", 404, "none"},
		{"OPTIONS *", 404, "none"},
		{"CONNECT elsewhere.example:443", 404, "none"},
		{"CONNECT /post/1", 405, "allow GET, HEAD, PATCH"},
		{"DELETE /post/1", 405, "allow GET, HEAD, PATCH"},
		{"GET /signup", 405, "allow POST"},
		{"HEAD /signup", 405, ""},
		{"get /post/1", 405, "allow GET, HEAD, PATCH"},
		{"OPTIONS /post", 405, "allow GET, HEAD"},
		{"PATCH /notification/unread-count", 200, `PATCH /notification/{id} id="unread-count"`},
		{"POST /notification/unread-count", 405, "allow GET, HEAD, PATCH"},
	} {
		status, header, body := send(t, server.Listener.Addr().String(), c.request)
		if status != c.status || body != c.body {
			t.Errorf("%s: got %d %q, want %d %q", c.request, status, body, c.status, c.body)
		}
		if header.Get("Location") != "" {
			t.Errorf("%s: redirects to %s", c.request, header.Get("Location"))
		}
		if allow := header.Get("Allow"); (status == 405) != (allow != "") {
			t.Errorf("%s: %d with Allow %q", c.request, status, allow)
		}
	}
}

func send(t *testing.T, address, request string) (status int, h http.Header, body string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: here.example\r\nConnection: close\r\n\r\n", request)
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s: %v", request, err)
	}
	defer resp.Body.Close()
	if method == http.MethodConnect && resp.StatusCode == 200 {
		return resp.StatusCode, resp.Header, ""
	}
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %v", request, err)
	}
	return resp.StatusCode, resp.Header, string(content)
}

func TestPattern(t *testing.T) {
	t.Parallel()
	rt := newRouter()
	for request, want := range map[string]string{
		"GET /post/1": "GET /post/{id}", "HEAD /post": "GET /post", "PUT /post": "", "GET /post/": "", "GET /x": "",
	} {
		method, path, _ := strings.Cut(request, " ")
		r := httptest.NewRequest(method, path, nil)
		rt.ServeHTTP(httptest.NewRecorder(), r)
		if r.Pattern != want {
			t.Errorf("%s: the request's pattern is %q, want %q", request, r.Pattern, want)
		}
	}
}

// The path / is a route of its own, and not every path.
func TestRoot(t *testing.T) {
	t.Parallel()
	rt := newRouter()
	rt.Handle("GET /", http.HandlerFunc(echo))
	for request, want := range map[string]string{
		"GET /": `200 GET / id=""`, "HEAD /": `200 GET / id=""`, "GET /?x=1": `200 GET / id=""`,
		"POST /": "405 allow GET, HEAD", "GET /nothing": "404 none", "GET //": "404 none",
		"GET /post/14": `200 GET /post/{id} id="14"`,
	} {
		method, path, _ := strings.Cut(request, " ")
		w, r := httptest.NewRecorder(), httptest.NewRequest(method, "/", nil)
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(path, "?")
		rt.ServeHTTP(w, r)
		if got := fmt.Sprintf("%d %s", w.Code, w.Body); got != want {
			t.Errorf("%s: got %s, want %s", request, got, want)
		}
		if w.Code == http.StatusOK && path == "/" && r.Pattern != "GET /" {
			t.Errorf("%s: the request's pattern is %q", request, r.Pattern)
		}
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	rt := router.New()
	rt.Handle("GET /post", http.HandlerFunc(echo))
	for path, want := range map[string]int{"/nothing": 404, "/post": 405} {
		w := httptest.NewRecorder()
		rt.ServeHTTP(w, httptest.NewRequest(http.MethodPut, path, nil))
		if w.Code != want || w.Body.Len() > 0 {
			t.Errorf("%s: got %d %q, want a bare %d", path, w.Code, w.Body, want)
		}
	}
}

func TestHandlePanics(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{
		"/post", "GET", "GET post", "GET /post/", "GET example.org/post", "GET /a//b", "GET /{", "",
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Handle(%q) did not panic", pattern)
				}
			}()
			router.New().Handle(pattern, http.HandlerFunc(echo))
		}()
	}
}

// BenchmarkRouter finds the handler of a path with an id.
func BenchmarkRouter(b *testing.B) {
	rt := router.New()
	for _, pattern := range []string{
		"POST /post", "GET /post", "GET /post/{id}", "PATCH /post/{id}", "DELETE /post/{id}", "GET /healthz",
	} {
		rt.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {})
	}
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/post/123456", nil)
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		rt.ServeHTTP(w, r)
	}
}
