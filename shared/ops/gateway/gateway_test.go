package gateway_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"minifb/shared/ops/gateway"
	"minifb/shared/ops/sam"
	"minifb/shared/testkit/programs"
)

const template = `
Resources:
  Post:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Read: {Type: HttpApi, Properties: {Method: GET, Path: "/post/{id}"}}
        Edit: {Type: HttpApi, Properties: {Method: PATCH, Path: "/post/{id}"}}
        Add: {Type: HttpApi, Properties: {Method: POST, Path: "/post"}}
        List: {Type: HttpApi, Properties: {Method: GET, Path: "/post"}}
        Timeline: {Type: HttpApi, Properties: {Method: GET, Path: "/post/{id}/timeline"}}
  Gone:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Read: {Type: HttpApi, Properties: {Method: GET, Path: "/gone"}}
        Add: {Type: HttpApi, Properties: {Method: POST, Path: "/gone"}}
`

// start serves the template and returns the address. post is the handler of the function Post; the
// function Gone does not run.
func start(t *testing.T, post http.HandlerFunc) (address string) {
	t.Helper()
	return startWith(t, post, io.Discard, func(*http.Server) {})
}

// startWith does the same, with a log of refused requests and changes to the gateway.
func startWith(
	t *testing.T, post http.HandlerFunc, refused io.Writer, change func(*http.Server),
) (address string) {
	t.Helper()
	parsed, err := sam.Parse([]byte(template))
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "gw") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := func(area string) string { return filepath.Join(dir, area) }
	listener, err := net.Listen("unix", socket("post"))
	if err != nil {
		t.Fatal(err)
	}
	function := &http.Server{Handler: post}
	go function.Serve(listener)
	t.Cleanup(func() { function.Close() })
	server := httptest.NewUnstartedServer(nil)
	server.Config = gateway.NewServer(parsed, socket, log.New(io.Discard, "", 0), gateway.NewRefusedLog(refused))
	change(server.Config)
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// send writes the request as given, and returns the response and its body.
func send(t *testing.T, address, request string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	return resp, string(content)
}

func get(target string) string { return "GET " + target + " HTTP/1.1\r\nHost: api.example\r\n\r\n" }

func TestTheTargetIsUnchanged(t *testing.T) {
	t.Parallel()
	address := start(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.RequestURI) })
	for _, target := range []string{
		"/post/1", "/post/a%2Fb", "/post/%61", "/post/a%2fb%2F", "/post/a|b^c", "/post/안녕", "/post/%EC%95%88",
		"/post/a;b=c", "/post/1?", "/post/1??a", "/post/1?a=b&a=c;d&%zz&&", "/post/1?q=%2F+%20", "/post/%00",
	} {
		resp, got := send(t, address, get(target))
		if resp.StatusCode != 200 || got != target {
			t.Errorf("%s: the function got %d %q", target, resp.StatusCode, got)
		}
	}
	if _, got := send(t, address, get("http://api.example/post/1?x")); got != "/post/1?x" {
		t.Errorf("absolute form: the function got %q", got)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	address := start(t, func(w http.ResponseWriter, r *http.Request) {
		dump, _ := httputil.DumpRequest(r, true)
		w.Header().Set("X-Own", "yes")
		w.WriteHeader(http.StatusTeapot)
		w.Write(dump)
	})
	resp, got := send(t, address, "POST /post HTTP/1.1\r\nHost: api.example\r\n"+
		"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 7.7.7.7\r\n"+
		"X-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\n"+
		"Forwarded: for=6.6.6.6\r\nX-Request-Id: mine-1\r\nAuthorization: Bearer t\r\n"+
		"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
	if resp.StatusCode != http.StatusTeapot || resp.Header.Get("X-Own") != "yes" {
		t.Errorf("the response is %d %v", resp.StatusCode, resp.Header)
	}
	for _, want := range []string{
		"Host: api.example\r\n",
		"X-Forwarded-For: 127.0.0.1\r\n", "X-Forwarded-Host: api.example\r\n", "X-Forwarded-Proto: http\r\n",
		"X-Request-Id: mine-1\r\n", "Authorization: Bearer t\r\n", "Content-Length: 2\r\n", "\r\n\r\n{}",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the function did not get %q, but\n%s", want, got)
		}
	}
	for _, not := range []string{"6.6.6.6", "7.7.7.7", "evil", "https", "User-Agent", "Accept-Encoding"} {
		if strings.Contains(got, not) {
			t.Errorf("the function got %q in\n%s", not, got)
		}
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	address := start(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "5") })
	resp, got := send(t, address, strings.Replace(get("/post/1"), "GET", "HEAD", 1))
	if resp.StatusCode != 200 || resp.ContentLength != 5 || got != "" {
		t.Errorf("got %d, length %d, body %q", resp.StatusCode, resp.ContentLength, got)
	}
}

func checkError(t *testing.T, resp *http.Response, body string, status int, hint string) {
	t.Helper()
	var e map[string]string
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		t.Fatalf("%d %q is not an error response: %v", resp.StatusCode, body, err)
	}
	if resp.StatusCode != status || len(e) != 2 ||
		e["result"] != http.StatusText(status) || !strings.Contains(e["hint"], hint) {
		t.Errorf("got %d %s, want %d with %q", resp.StatusCode, body, status, hint)
	}
	h := resp.Header
	if h.Get("Content-Type") != "application/json" || h.Get("X-Content-Type-Options") != "nosniff" ||
		len(h.Get("X-Request-Id")) < 10 {
		t.Errorf("%d has the headers %v", status, h)
	}
	if resp.Header.Get("Location") != "" {
		t.Errorf("%d redirects to %s", status, h.Get("Location"))
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	address := start(t, func(http.ResponseWriter, *http.Request) {})
	for _, target := range []string{
		"/", "/nothing", "/post/", "/post/1/", "//post/1", "/post/../post/1", "/post/%2e%2e", "/healthz",
	} {
		resp, body := send(t, address, get(target))
		checkError(t, resp, body, 404, "GET "+target)
	}
	for target, want := range map[string]string{
		"/post/1": "GET, HEAD, PATCH", "/post": "GET, HEAD, POST", "/post/1/timeline": "GET, HEAD",
	} {
		resp, body := send(t, address, strings.Replace(get(target), "GET", "DELETE", 1))
		checkError(t, resp, body, 405, "use one of "+want+".")
		if allow := resp.Header.Get("Allow"); allow != want {
			t.Errorf("%s: Allow: %q, want %q", target, allow, want)
		}
	}
	resp, body := send(t, address, strings.Replace(get("*"), "GET", "OPTIONS", 1))
	checkError(t, resp, body, 404, "")
	resp, body = send(t, address, fmt.Sprintf("POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", 1<<20))
	checkError(t, resp, body, 413, "64 KiB")
	resp, body = send(t, address, get("/gone"))
	checkError(t, resp, body, 503, "gone cannot be reached")
	resp, body = send(t, address, strings.Replace(get("/gone"), "GET", "POST", 1))
	checkError(t, resp, body, 503, "gone cannot be reached just now; try again") // nothing was sent
	if retry := resp.Header.Get("Retry-After"); retry != "1" {
		t.Errorf("Retry-After: %q", retry)
	}
}

func TestRefusalsToTokensAreNotCached(t *testing.T) {
	t.Parallel()
	address := start(t, func(http.ResponseWriter, *http.Request) {})
	for _, line := range []string{"GET /nowhere", "DELETE /post/1", "GET /gone"} {
		for header, want := range map[string]string{"": "", "Authorization: Bearer x\r\n": "no-store"} {
			resp, _ := send(t, address, line+" HTTP/1.1\r\nHost: a\r\n"+header+"\r\n")
			if got := resp.Header.Get("Cache-Control"); got != want {
				t.Errorf("%s, %q: Cache-Control is %q, want %q", line, header, got, want)
			}
		}
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	address := start(t, func(http.ResponseWriter, *http.Request) {})
	for sent, kept := range map[string]bool{
		"a.B_9:-": true, strings.Repeat("x", 128): true,
		strings.Repeat("x", 129): false, "a b": false, "안녕": false, "": false,
	} {
		resp, _ := send(t, address, "GET /nothing HTTP/1.1\r\nHost: a\r\nX-Request-Id: "+sent+"\r\n\r\n")
		if got := resp.Header.Get("X-Request-Id"); (got == sent) != kept || got == "" {
			t.Errorf("the request id %q became %q", sent, got)
		}
	}
}

func TestFunctionDiesDuringTheRequest(t *testing.T) {
	t.Parallel()
	address := start(t, func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength < 3 { // otherwise the connection is reset
			io.Copy(io.Discard, r.Body)
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			conn.Close()
		}
	})
	for _, sent := range []string{"{}", strings.Repeat("x", 60_000)} {
		resp, body := send(t, address, fmt.Sprintf("POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s",
			len(sent), sent))
		checkError(t, resp, body, 503, "its outcome is not known. If you sent an Idempotency-Key")
	}
	resp, body := send(t, address, get("/post/1"))
	checkError(t, resp, body, 503, "post cannot be reached just now; try again")
}

func TestEndlessBody(t *testing.T) {
	t.Parallel()
	address := start(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	resp, body := send(t, address, "POST /post HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n80000\r\n"+
		strings.Repeat("x", 0x80000))
	checkError(t, resp, body, 413, "64 KiB")
}

func TestMalformedBody(t *testing.T) {
	t.Parallel()
	address := start(t, func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	resp, body := send(t, address, "POST /post HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}")
	checkError(t, resp, body, 400, "malformed")
}

// A function that is late has the request, and counts it when it goes on.
func TestALateResponseIsNotListed(t *testing.T) {
	t.Parallel()
	refused, err := os.Create(filepath.Join(t.TempDir(), "refused.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer refused.Close()
	late := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	address := startWith(t, late, refused, func(*http.Server) {})
	resp, body := send(t, address, get("/post/1"))
	checkError(t, resp, body, 503, "post cannot be reached just now; try again")
	send(t, address, get("/gone"))
	var listed string
	programs.Until(t, "a line is written", func() bool {
		content, err := os.ReadFile(refused.Name())
		listed = string(content)
		return err == nil && listed != ""
	})
	if !strings.HasSuffix(listed, " GET /gone\n") || strings.Count(listed, "\n") != 1 {
		t.Errorf("the log of refused requests is %q, want GET /gone alone", listed)
	}
}

// A slow body is refused after 10 s. A slow function is not, if the request's body has arrived.
func TestSlowness(t *testing.T) {
	t.Parallel()
	address := start(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		ctx, cancel := context.WithTimeout(r.Context(), 11*time.Second)
		defer cancel()
		<-ctx.Done()
		fmt.Fprint(w, r.Context().Err())
	})
	for _, body := range []string{"Content-Length: 2\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"} {
		t.Run("body", func(t *testing.T) {
			t.Parallel()
			resp, body := send(t, address, "POST /post HTTP/1.1\r\nHost: a\r\n"+body)
			checkError(t, resp, body, 408, "within 10 seconds")
		})
	}
	for what, line := range map[string]string{"no route": "POST /nothing", "no such method": "PUT /post"} {
		t.Run("body for "+what, func(t *testing.T) {
			t.Parallel()
			begun := time.Now()
			resp, _ := send(t, address, line+" HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{")
			if took := time.Since(begun); resp.StatusCode/100 != 4 || !resp.Close || took > 12*time.Second {
				t.Errorf("got %d after %s, closing: %v", resp.StatusCode, took, resp.Close)
			}
		})
	}
	t.Run("function", func(t *testing.T) {
		t.Parallel()
		resp, body := send(t, address, "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}")
		if resp.StatusCode != 200 || body != "<nil>" {
			t.Errorf("got %d %q", resp.StatusCode, body)
		}
	})
}
