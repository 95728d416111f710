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

// Requests go over a connection as they are written here, because clients tidy paths up.
func TestServe(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(newRouter())
	server.Config.DisableGeneralOptionsHandler = true
	server.Start()
	t.Cleanup(server.Close)
	for _, c := range []struct {
		ask    string
		status int
		body   string
	}{
		{"GET /post/14", 200, `GET /post/{id} id="14"`},
		{"GET /post/14?x=/../", 200, `GET /post/{id} id="14"`},
		{"HEAD /post/14", 200, ""},
		{"GET /post/a%2Fb", 200, `GET /post/{id} id="a/b"`},
		{"GET /post/%2Fcomment", 200, `GET /post/{id} id="/comment"`},
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
		status, header, body := send(t, server.Listener.Addr().String(), c.ask)
		if status != c.status || body != c.body {
			t.Errorf("%s: got %d %q, want %d %q", c.ask, status, body, c.status, c.body)
		}
		if header.Get("Location") != "" {
			t.Errorf("%s: redirects to %s", c.ask, header.Get("Location"))
		}
		if allow := header.Get("Allow"); (status == 405) != (allow != "") {
			t.Errorf("%s: %d with Allow %q", c.ask, status, allow)
		}
	}
}

func send(t *testing.T, address, ask string) (status int, h http.Header, body string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: here.example\r\nConnection: close\r\n\r\n", ask)
	method, _, _ := strings.Cut(ask, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s: %v", ask, err)
	}
	defer resp.Body.Close()
	if method == http.MethodConnect && resp.StatusCode == 200 {
		return resp.StatusCode, resp.Header, ""
	}
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %v", ask, err)
	}
	return resp.StatusCode, resp.Header, string(content)
}

func TestPattern(t *testing.T) {
	t.Parallel()
	rt := newRouter()
	for ask, want := range map[string]string{
		"GET /post/1": "GET /post/{id}", "HEAD /post": "GET /post", "PUT /post": "", "GET /post/": "", "GET /x": "",
	} {
		method, path, _ := strings.Cut(ask, " ")
		if got := rt.Pattern(httptest.NewRequest(method, path, nil)); got != want {
			t.Errorf("%s: got %q, want %q", ask, got, want)
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
	for _, pattern := range []string{"/post", "GET", "GET post", "GET /post/", "GET example.org/post", "GET /a//b", "GET /{", ""} {
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
