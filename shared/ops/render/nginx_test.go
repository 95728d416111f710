package render_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"minifb/shared/api"
	"minifb/shared/ops/host"
	"minifb/shared/ops/render"
	"minifb/shared/ops/sam"
	"minifb/shared/testkit/programs"
)

const template = `
Resources:
  Post:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 1
      Events:
        Read: {Type: HttpApi, Properties: {Method: GET, Path: "/post/{id}"}}
        Edit: {Type: HttpApi, Properties: {Method: PATCH, Path: "/post/{id}"}}
        Add: {Type: HttpApi, Properties: {Method: POST, Path: "/post"}}
  Comment:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        List: {Type: HttpApi, Properties: {Method: GET, Path: "/post/{id}/comment"}}
  Gone:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Read: {Type: HttpApi, Properties: {Method: GET, Path: "/gone"}}
        Add: {Type: HttpApi, Properties: {Method: POST, Path: "/gone"}}
  Backoffice:
    Type: AWS::Serverless::Function
    Metadata: {Allow: [10.0.0.0/8, 192.168.7.7]}
    Properties:
      Events:
        Read: {Type: HttpApi, Properties: {Method: GET, Path: "/backoffice"}}
  Inside:
    Type: AWS::Serverless::Function
    Metadata: {Allow: [127.0.0.0/8]}
    Properties:
      Events:
        Read: {Type: HttpApi, Properties: {Method: GET, Path: "/inside"}}
`

func parse(t *testing.T, text string) *sam.Template {
	t.Helper()
	parsed, err := sam.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// root returns a folder whose path is short enough for sockets.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mf")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// start runs nginx in front of functions that are all served by f. No process listens for Gone.
func start(t *testing.T, f http.HandlerFunc) (address string) {
	t.Helper()
	return startIn(t, root(t), f)
}

// serve serves an area in the folder of a host.
func serve(t *testing.T, dir, area string, f http.HandlerFunc) {
	t.Helper()
	listener, err := net.Listen("unix", filepath.Join(dir, host.Run, area+".sock"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Area", area)
		f(w, r)
	})}
	go server.Serve(api.JSONErrors(listener, func(int) {}))
	t.Cleanup(func() { server.Close() })
}

func startIn(t *testing.T, dir string, f http.HandlerFunc) (address string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(dir, host.Run), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, area := range []string{"post", "comment", "backoffice", "inside"} {
		serve(t, dir, area, f)
	}
	address = programs.FreeAddress(t)
	nginx, err := host.StartNginx(dir, parse(t, template), render.Nginx{Listen: address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nginx.Stop)
	return address
}

// send writes the request as it is, and returns the response and its body.
func send(t *testing.T, address, request string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("%.60q: %v", request, err)
	}
	return response, string(content)
}

// ask returns a request without a body. line is such as GET /post.
func ask(line string) string { return line + " HTTP/1.1\r\nHost: api.example:81\r\n\r\n" }

func TestPathChoosesTheFunctionAndIsPassedUnchanged(t *testing.T) {
	t.Parallel()
	address := start(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.RequestURI) })
	for target, area := range map[string]string{
		"/post/1": "post", "/post/a%2Fb": "post", "/post/1%2Fcomment": "post", "/post/%61": "post", "/p%6Fst/1": "post",
		"/post/1?": "post", "/post/1?q=%2F+%20&&": "post", "/post/1?next=/post/1/comment": "post",
		"/post/a|b^c": "post",
		"/post/안녕":    "post", "/post": "post", "/post/1/comment": "comment", "/post/1/comment?size=2": "comment",
		"/inside": "inside",
	} {
		response, got := send(t, address, ask("GET "+target))
		if response.StatusCode != 200 || got != target || response.Header.Get("X-Area") != area {
			t.Errorf("%s: %d, and %s received %q", target, response.StatusCode, response.Header.Get("X-Area"), got)
		}
	}
	// The function refuses a method that its path does not have.
	if response, _ := send(t, address, ask("DELETE /post")); response.Header.Get("X-Area") != "post" {
		t.Errorf("nginx responded to DELETE /post itself, with %d", response.StatusCode)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	address := start(t, func(w http.ResponseWriter, r *http.Request) {
		dump, _ := httputil.DumpRequest(r, true)
		w.WriteHeader(http.StatusTeapot)
		w.Write(dump)
	})
	response, got := send(t, address, "POST /post HTTP/1.1\r\nHost: api.example:81\r\n"+
		"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\nForwarded: for=6.6.6.6\r\n"+
		"X-Request-Id: mine-1\r\nAuthorization: Bearer t\r\nContent-Type: application/json\r\n"+
		"Content-Length: 2\r\n\r\n{}")
	if response.StatusCode != http.StatusTeapot {
		t.Errorf("the function's response arrived with the status %d", response.StatusCode)
	}
	for _, want := range []string{
		"Host: api.example:81\r\n", "X-Forwarded-For: 127.0.0.1\r\n", "X-Forwarded-Host: api.example:81\r\n",
		"X-Forwarded-Proto: http\r\n", "X-Request-Id: mine-1\r\n", "Authorization: Bearer t\r\n",
		"Content-Length: 2\r\n", "\r\n\r\n{}",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the function did not receive %q in\n%s", want, got)
		}
	}
	for _, not := range []string{"6.6.6.6", "evil", "https"} {
		if strings.Contains(got, not) {
			t.Errorf("the function received %q in\n%s", not, got)
		}
	}
	made := regexp.MustCompile(`X-Request-Id: [0-9a-f]{32}\r\n`)
	_, got = send(t, address, "GET /post HTTP/1.1\r\nHost: a\r\nX-Request-Id: <invalid>\r\n\r\n")
	if !made.MatchString(got) {
		t.Errorf("nginx did not replace an invalid request id:\n%s", got)
	}
}

func TestOwnErrorsHaveTheJSONOfTheAPI(t *testing.T) {
	t.Parallel()
	address := start(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	long := strings.Repeat("x", 9000)
	for name, c := range map[string]struct {
		request string
		status  int
		hint    string
		header  string // one that the response must have
	}{
		"no route": {
			ask("GET /nowhere?a=b"), 404,
			"There is no route 'GET /nowhere'; check the path, to the letter and its slashes.", "",
		},
		"no route, a file": {ask("GET /x.gif"), 404, "'GET /x.gif'", ""},
		"no route, quotes": {ask(`GET /"\`), 404, "There is no route 'GET (this path)'; check", ""},
		"an extra slash":   {ask("GET /post/"), 404, "'GET /post/'", ""},
		"two slashes":      {ask("GET //post"), 404, "'GET //post'", ""},
		"no route, a body": {
			"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 404, "'POST /nowhere'", "",
		},
		"health check":      {ask("GET /readyz"), 404, "'GET /readyz'", ""},
		"internal location": {ask("GET /.minifb/400"), 404, "There is no route 'GET /.minifb/400'", ""},
		"a refused address": {
			ask("DELETE /backoffice?x"), 403, "You have not permission for 'DELETE /backoffice'", "",
		},
		"TRACE": {
			ask("TRACE /post/1"), 405, "TRACE is not allowed here; use one of GET, HEAD, PATCH.", "Allow",
		},
		"bad request line": {"NONSENSE\r\n\r\n", 400, "cannot be read", ""},
		"no host":          {"GET /post HTTP/1.1\r\n\r\n", 400, "cannot be read", ""},
		"bad escape":       {ask("GET /post/%zz"), 400, "cannot be read", ""},
		"long URI":         {ask("GET /post?" + long), 414, "at most 8 KiB", ""},
		"long header": {
			"GET /post HTTP/1.1\r\nHost: a\r\nX: " + long + "\r\n\r\n", 431, "at most 8 KiB each", "",
		},
		"large body": {
			"POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 80000\r\n\r\n", 413, "at most 64 KiB", "",
		},
		"unknown encoding": {
			"POST /post HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "Transfer-Encoding", "",
		},
		"HTTP/1.0 without a host": {"GET /post HTTP/1.0\r\n\r\n", 400, "cannot be read", ""},
		"a host that Go refuses":  {"GET /post HTTP/1.1\r\nHost: a{b}\r\n\r\n", 400, "cannot be read", ""},
		"a byte that Go refuses":  {"GET /post HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", 400, "cannot be read", ""},
		"dead function":           {ask("GET /gone"), 503, "try again in a second", "Retry-After"},
		"a write to it":           {ask("POST /gone"), 503, "try again in a second", "Retry-After"}, // nothing was sent
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := send(t, address, c.request)
			checkError(t, response, body, c.status, c.hint)
			if c.header != "" && response.Header.Get(c.header) == "" {
				t.Errorf("no %s in %v", c.header, response.Header)
			}
		})
	}
	response, body := send(t, address, "GET /nowhere HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine-2\r\n\r\n")
	if got := response.Header.Get("X-Request-Id"); got != "mine-2" {
		t.Errorf("X-Request-Id is %q beside %s", got, body)
	}
	if got := response.Header["Cache-Control"]; got != nil {
		t.Errorf("Cache-Control is %q without a token", got)
	}
	for _, line := range []string{"GET /nowhere", "GET /gone", "TRACE /post/1"} {
		response, _ = send(t, address, line+" HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n")
		if got := response.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s with a token: Cache-Control is %q", line, got)
		}
	}
	if response, body = send(t, address, ask("HEAD /nowhere")); response.StatusCode != 404 || body != "" {
		t.Errorf("HEAD: %d %q", response.StatusCode, body)
	}
}

func checkError(t *testing.T, response *http.Response, body string, status int, hint string) {
	t.Helper()
	var e map[string]string
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		t.Fatalf("%d %q is not an error of the API: %v", response.StatusCode, body, err)
	}
	right := len(e) == 2 && e["result"] == http.StatusText(status) && strings.Contains(e["hint"], hint)
	if response.StatusCode != status || !right {
		t.Errorf("got %d %s, want %d with %q", response.StatusCode, body, status, hint)
	}
	h := response.Header
	once := len(h["X-Request-Id"]) == 1 && len(h["X-Content-Type-Options"]) == 1
	if h.Get("Content-Type") != "application/json" || h.Get("Server") != "nginx" || !once {
		t.Errorf("the response %d has the headers %v", response.StatusCode, h)
	}
}

func TestErrorsOfFunctionsPassUnchanged(t *testing.T) {
	t.Parallel()
	address := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "its-own")
		var status int
		fmt.Sscan(r.URL.Query().Get("status"), &status)
		w.WriteHeader(status)
		io.WriteString(w, "its own text")
	})
	for _, status := range []int{400, 401, 403, 404, 405, 413, 429, 500, 502, 503, 504} {
		response, body := send(t, address, ask(fmt.Sprintf("GET /post?status=%d", status)))
		if response.StatusCode != status || body != "its own text" || len(response.Header["X-Request-Id"]) != 1 {
			t.Errorf("%d arrived as %d %q %v", status, response.StatusCode, body, response.Header)
		}
	}
}
