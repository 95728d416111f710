package render_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"minifb/shared/ops/balancer"
	"minifb/shared/ops/host"
	"minifb/shared/ops/render"
	"minifb/shared/testkit/programs"
	"minifb/shared/testkit/smuggle"
)

// nginxHost starts a host with nginx, whose functions are served by f.
func nginxHost(t *testing.T, f http.HandlerFunc) render.BalancedHost {
	t.Helper()
	dir := root(t)
	if err := os.Mkdir(filepath.Join(dir, host.Run), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, area := range []string{"post", "comment", "gone", "backoffice", "inside"} {
		serve(t, dir, area, f)
	}
	n := render.Nginx{
		Listen: programs.FreeAddress(t), Health: programs.FreeAddress(t),
		Trust: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
	}
	nginx, err := host.StartNginx(dir, parse(t, template), n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nginx.Stop)
	return render.BalancedHost{Address: netip.MustParseAddrPort(n.Listen), Health: netip.MustParseAddrPort(n.Health)}
}

// A server stands for a host: it serves requests without nginx, and says about its health what the test wants.
type server struct {
	render.BalancedHost
	unready, drained atomic.Bool
}

func serverHost(t *testing.T, f http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	health := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.drained.Load() || r.URL.Path == "/health" && s.unready.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(health.Close)
	requests := httptest.NewServer(f)
	t.Cleanup(func() { requests.CloseClientConnections(); requests.Close() })
	s.Address = netip.MustParseAddrPort(requests.Listener.Addr().String())
	s.Health = netip.MustParseAddrPort(health.Listener.Addr().String())
	return s
}

// balance starts HAProxy in front of the hosts, and returns it and its address.
func balance(t *testing.T, x render.HAProxy, hosts ...render.BalancedHost) (b *balancer.Balancer, address string) {
	t.Helper()
	x.Listen, x.Hosts = programs.FreeAddress(t), hosts
	b, err := balancer.Start(t.Context(), root(t), parse(t, template), x)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.Stop()
		if text, err := os.ReadFile(b.Log()); t.Failed() {
			t.Logf("HAProxy's log: %v\n%s", err, text[max(0, len(text)-3000):])
		}
	})
	return b, x.Listen
}

// The host's nginx trusts the balancer, so a function sees the client's address, and nothing that the client claims.
func TestBalancerPassesRequestsOn(t *testing.T) {
	t.Parallel()
	_, address := balance(t, render.HAProxy{}, nginxHost(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h := r.Header
		io.WriteString(w, strings.Join([]string{
			r.Method, r.RequestURI, r.Host, h.Get("X-Forwarded-For"), h.Get("Forwarded"), h.Get("X-Request-Id"),
			string(body),
		}, "|"))
	}))
	const forged = "X-Forwarded-For: 6.6.6.6\r\nx-forwarded-for: 7.7.7.7\r\nForwarded: for=6.6.6.6\r\n"
	for request, want := range map[string]string{
		"POST /post HTTP/1.1\r\nHost: a:81\r\nX-Request-Id: mine-1\r\nContent-Length: 2\r\n" + forged + "\r\n{}"://
		`^POST\|/post\|a:81\|127\.0\.0\.1\|\|mine-1\|\{\}$`,
		"GET /post/a%2Fb?q=%2F+&& HTTP/1.1\r\nHost: a\r\nX-Request-Id: <bad>\r\n\r\n"://
		`^GET\|/post/a%2Fb\?q=%2F\+&&\|a\|127\.0\.0\.1\|\|[0-9a-f-]{36}\|$`,
	} {
		if response, got := send(t, address, request); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%.20q: %d, the function received %q, want %q", request, response.StatusCode, got, want)
		}
	}
}

// What is longer than a host allows is refused by its nginx, with a hint. What is not gets through.
func TestBalancerHasNoLowerLimitsThanNginx(t *testing.T) {
	t.Parallel()
	_, address := balance(t, render.HAProxy{}, nginxHost(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
	}))
	const get = "GET /post HTTP/1.1\r\nHost: a\r\n"
	for _, c := range []struct {
		request string
		status  int
	}{
		{ask("GET /post?" + strings.Repeat("x", 8000)), 200},
		{get + strings.Repeat("X: "+strings.Repeat("x", 8000)+"\r\n", 3) + "\r\n", 200},
		{get + strings.Repeat("X: y\r\n", 900) + "\r\n", 200}, // newer nginx: 1,000 at most
		{"POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n" + strings.Repeat("x", 70000), 200},
		{ask("GET /post?" + strings.Repeat("x", 9000)), 414},
		{get + "X: " + strings.Repeat("x", 9000) + "\r\n\r\n", 431},
		{get + strings.Repeat("X: "+strings.Repeat("x", 8000)+"\r\n", 5) + "\r\n", 431},
		{"POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 80000\r\n\r\n", 413},
		{ask("GET /nowhere"), 404}, {ask("TRACE /post/1"), 405}, {ask("GET /backoffice"), 403},
	} {
		response, body := send(t, address, c.request)
		if response.StatusCode != c.status {
			t.Errorf("%.20q… of %d bytes: %d %s, want %d",
				c.request, len(c.request), response.StatusCode, body, c.status)
		} else if c.status != 200 {
			checkError(t, response, body, c.status, "")
		}
	}
}

func TestRequestsCannotBeSmuggledThroughTheBalancer(t *testing.T) {
	t.Parallel()
	functions := &smuggle.Recorder{}
	_, address := balance(t, render.HAProxy{}, nginxHost(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			functions.ServeHTTP(w, r)
		}
	}))
	smuggle.Check(t, address, functions)
}

// checkOwnError checks an error response that HAProxy has made.
func checkOwnError(t *testing.T, response *http.Response, body string, status int, hint string) {
	t.Helper()
	h := response.Header
	if h.Get("Server") != "" {
		t.Errorf("%d comes from a host: %s", response.StatusCode, body)
	}
	h.Set("Server", "nginx")
	checkError(t, response, body, status, hint)
	exposed := h.Get("Access-Control-Expose-Headers")
	if h.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(exposed, "ETag") {
		t.Errorf("pages of other origins cannot read %d with %v", status, h)
	}
	if status == http.StatusServiceUnavailable && h.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", h.Get("Retry-After"))
	}
}

func TestBalancerErrorsHaveTheJSONOfTheAPI(t *testing.T) {
	t.Parallel()
	const token = " HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine-1\r\nAuthorization: Bearer x\r\n\r\n"
	closed := netip.MustParseAddrPort(programs.FreeAddress(t))
	_, address := balance(t, render.HAProxy{}, render.BalancedHost{Address: closed, Health: closed})
	for _, method := range []string{"GET", "POST", "DELETE"} {
		response, body := send(t, address, method+" /post"+token)
		checkOwnError(t, response, body, 503, "The service cannot be reached just now; try again in a second.")
		if h := response.Header; h.Get("X-Request-Id") != "mine-1" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s with a token: the headers are %v", method, h)
		}
	}
	response, body := send(t, address, ask("GET /post"))
	checkOwnError(t, response, body, 503, "")
	if got := response.Header["Cache-Control"]; got != nil {
		t.Errorf("Cache-Control is %q without a token", got)
	}
	if response, body := send(t, address, ask("HEAD /post")); response.StatusCode != 503 || body != "" {
		t.Errorf("HEAD: %d %q", response.StatusCode, body)
	}
	response, body = send(t, address, "PRI * HTTP/2.0\r\n\r\n")
	checkOwnError(t, response, body, 400, "cannot be read")

	// HAProxy 2.6 cannot be told what to say about what it cannot read.
	for _, request := range []string{"NONSENSE\r\n\r\n", "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"} {
		response, body = send(t, address, request)
		if response.StatusCode != 400 || !strings.Contains(body, "<h1>400") {
			t.Errorf("%q: %d %s", request, response.StatusCode, body)
		}
	}
}

// A host that a function's response passes through is not replaced by the balancer, whatever the status.
func TestBalancerPassesErrorsOfHostsOn(t *testing.T) {
	t.Parallel()
	_, address := balance(t, render.HAProxy{}, serverHost(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "its-own")
		w.WriteHeader(http.StatusBadGateway)
		io.WriteString(w, "its own text")
	}).BalancedHost)
	response, body := send(t, address, ask("GET /post"))
	if response.StatusCode != 502 || body != "its own text" || len(response.Header["X-Request-Id"]) != 1 ||
		response.Header["X-Request-Id"][0] != "its-own" || response.Header["Cache-Control"] != nil {
		t.Errorf("502 arrived as %d %q %v", response.StatusCode, body, response.Header)
	}
}

// The log has one JSON object for each request, without queries and tokens.
func TestBalancerLog(t *testing.T) {
	t.Parallel()
	h := serverHost(t, func(http.ResponseWriter, *http.Request) {})
	b, address := balance(t, render.HAProxy{}, h.BalancedHost)
	const secrets = "?cursor=secret HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine-1\r\nAuthorization: Bearer secret\r\n\r\n"
	send(t, address, "GET /post/1"+secrets)
	send(t, address, `GET /"\`+secrets)
	send(t, address, "NONSENSE\r\n\r\n")
	if conn, err := net.Dial("tcp", address); err != nil || conn.Close() != nil { // sends nothing, so it is not listed
		t.Fatal(err)
	}
	send(t, address, "DELETE /last"+secrets)
	// HAProxy writes a line after its response, so the lines of two requests can be in either order.
	var text []byte
	programs.Until(t, "four requests are in the log", func() bool {
		var err error
		if text, err = os.ReadFile(b.Log()); err != nil {
			t.Fatal(err)
		}
		return bytes.Count(text, []byte("\n{")) >= 4 && bytes.HasSuffix(text, []byte("\n"))
	})
	lines := map[any]map[string]any{} // by path
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		lines[fields["path"]] = fields
	}
	if bytes.Count(text, []byte("\n{")) != 4 || strings.Contains(string(text), "secret") {
		t.Fatalf("the log is\n%s", text)
	}
	for path, want := range map[string]map[string]any{
		"/post/1":     {"method": "GET", "status": 200.0, "request_id": "mine-1", "host": h.Name()},
		"(this path)": {"method": "GET", "status": 200.0, "client": "127.0.0.1", "retries": "0"},
		"-":           {"method": "<BADREQ>", "status": 400.0},
		"/last":       {"method": "DELETE", "state": "----"},
	} {
		for name, value := range want {
			if lines[path][name] != value {
				t.Errorf("the line of the path %s has the %s %v, want %v", path, name, lines[path][name], value)
			}
		}
	}
}
