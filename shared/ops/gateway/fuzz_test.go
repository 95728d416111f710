package gateway_test

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"minifb/shared/ops/gateway"
	"minifb/shared/ops/sam"
	"minifb/shared/router"
)

// FuzzTarget sends any method and target. The gateway decides as a function would that had all the routes, and passes
// on the target byte for byte.
func FuzzTarget(f *testing.F) {
	for _, target := range []string{
		"/post", "/post/", "//post", "/post/a%2Fb", "/post/%2F", "/post/%61", "/post/a|b^c", "/post/안",
		"/post/안%2Ftimeline", "/post/1/timeline", "/post/1?", "/post/1??a", "/post/1?a=b&a=c;d&%zz&&", "/post/1?a#b",
		"/post/1#b", "/gone",
		"/post/%2e%2e", "/post/%00", "/%2F", "http://other.example/post/1", "*",
	} {
		f.Add("GET", target)
	}
	f.Add("OPTIONS", "/post")
	f.Add("DELETE", "/post/1")
	f.Add("CONNECT", "/post/1")
	parsed, err := sam.Parse([]byte(template))
	if err != nil {
		f.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "gw") // t.TempDir may be too long for a socket
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { os.RemoveAll(dir) })
	socket := func(area string) string { return filepath.Join(dir, area) }
	listener, err := net.Listen("unix", socket("post"))
	if err != nil {
		f.Fatal(err)
	}
	function := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Target", r.Method+" "+r.RequestURI)
		}),
		DisableGeneralOptionsHandler: true,
	}
	go function.Serve(listener)
	f.Cleanup(func() { function.Close() })
	front := gateway.NewServer(parsed, socket, log.New(io.Discard, "", 0), gateway.NewRefusedLog(io.Discard))
	decide := router.New()
	for _, fn := range parsed.Functions {
		for _, route := range fn.Routes {
			status := map[string]int{"post": http.StatusOK}[fn.Area]
			if status == 0 {
				status = http.StatusServiceUnavailable // it does not run
			}
			decide.HandleFunc(route.String(), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		}
	}
	f.Fuzz(func(t *testing.T, method, target string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(
			method + " " + target + " HTTP/1.1\r\nHost: api.example\r\n\r\n")))
		if err != nil || r.Method != method || r.RequestURI != target {
			return // net/http refuses it, or a line break ended the target
		}
		r.RemoteAddr = "192.0.2.1:4000"
		want, got := httptest.NewRecorder(), httptest.NewRecorder()
		decide.ServeHTTP(want, r.Clone(t.Context()))
		front.Handler.ServeHTTP(got, r)
		if method == http.MethodOptions && want.Code == http.StatusMethodNotAllowed && got.Code != http.StatusNotFound {
			want.Code = got.Code // the function responds, if it runs
		} else if allow := want.Header().Get("Allow"); got.Header().Get("Allow") != allow {
			t.Fatalf("%s %q: Allow is %q, want %q", method, target, got.Header().Get("Allow"), allow)
		}
		if got.Code != want.Code {
			t.Fatalf("%s %q: the gateway gives %d %s, want %d", method, target, got.Code, got.Body, want.Code)
		}
		if passed := got.Header().Get("X-Target"); passed != "" && strings.HasPrefix(target, "/") &&
			passed != method+" "+target || (passed != "") != (got.Code == http.StatusOK) {
			t.Fatalf("%s %q: the function got %q", method, target, passed)
		}
	})
}
