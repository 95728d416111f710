package render_test

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"minifb/shared/ops/balancer"
	"minifb/shared/ops/render"
	"minifb/shared/testkit/programs"
)

// awaitUp waits until the balancer sends requests to the host, or no longer does.
func awaitUp(t *testing.T, b *balancer.Balancer, h render.BalancedHost, up bool) {
	t.Helper()
	what := "HAProxy takes the host out of service"
	if up {
		what = "HAProxy takes the host into service"
	}
	programs.Until(t, what, func() bool {
		states, err := b.States()
		if err != nil {
			t.Fatal(err)
		}
		state, ok := states[h.Name()]
		if !ok {
			t.Fatalf("HAProxy has no host %s: %v", h.Name(), states)
		}
		return state.Up == up
	})
}

// says returns a handler that responds with this text.
func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }
}

// A host that is drained gets nothing new within about a second, and finishes what it serves.
func TestADrainedHostGetsNothingNew(t *testing.T) {
	t.Parallel()
	begun, respond := make(chan struct{}), make(chan struct{})
	a := serverHost(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(begun)
			<-respond
		}
		io.WriteString(w, "a")
	})
	c := serverHost(t, says("c"))
	c.drained.Store(true)
	b, address := balance(t, render.HAProxy{}, a.BalancedHost, c.BalancedHost)
	awaitUp(t, b, c.BalancedHost, false)
	slow := make(chan string, 1)
	go func() {
		_, body := send(t, address, ask("POST /slow"))
		slow <- body
	}()
	<-begun
	c.drained.Store(false)
	awaitUp(t, b, c.BalancedHost, true)
	a.drained.Store(true)
	drained := time.Now()
	awaitUp(t, b, a.BalancedHost, false)
	t.Logf("out of service after %s", time.Since(drained))
	for range 20 {
		if _, body := send(t, address, ask("GET /post")); body != "c" {
			t.Fatalf("the host %s has served a new request", body)
		}
	}
	close(respond)
	if body := <-slow; body != "a" {
		t.Errorf("the request under way got %q", body)
	}
	a.drained.Store(false)
	awaitUp(t, b, a.BalancedHost, true)
	served := map[string]bool{}
	programs.Until(t, "both hosts serve", func() bool {
		_, body := send(t, address, ask("GET /post"))
		served[body] = true
		return served["a"] && served["c"]
	})
}

// One check that fails, as when a packet is lost, takes no host out of service.
func TestOneFailedCheckIsNotEnough(t *testing.T) {
	t.Parallel()
	var checks atomic.Int64
	health := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health" && checks.Add(1)%2 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = health.Serve(listener) }()
	t.Cleanup(func() { health.Close() })
	h := serverHost(t, says("a"))
	h.Health = netip.MustParseAddrPort(listener.Addr().String())
	b, _ := balance(t, render.HAProxy{}, h.BalancedHost)
	programs.Until(t, "ten checks are made", func() bool { return checks.Load() >= 10 })
	if log, err := os.ReadFile(b.Log()); err != nil || strings.Contains(string(log), "is DOWN") {
		t.Errorf("%v, a host was taken out of service:\n%s", err, log)
	}
}

// A request is sent again only if nothing of it can have reached a host.
func TestBalancerRepeatsNoRequestThatWasSent(t *testing.T) {
	t.Parallel()
	closed := serverHost(t, says("")) // it seems to be well, but accepts no connection
	closed.Address = netip.MustParseAddrPort(programs.FreeAddress(t))
	_, address := balance(t, render.HAProxy{}, closed.BalancedHost, serverHost(t, says("served")).BalancedHost)
	for range 20 {
		if response, body := send(t, address, ask("POST /post")); body != "served" {
			t.Fatalf("with a host that accepts no connection: %d %s", response.StatusCode, body)
		}
	}
	var received atomic.Int64
	dies := func(http.ResponseWriter, *http.Request) {
		received.Add(1)
		panic(http.ErrAbortHandler)
	}
	_, address = balance(t, render.HAProxy{}, serverHost(t, dies).BalancedHost, serverHost(t, dies).BalancedHost)
	for i, method := range []string{"GET", "POST", "PATCH", "GET"} {
		hint := "The service was lost during the request. It may have been carried out all the same"
		if method == "GET" {
			hint = "The service cannot be reached just now; try again in a second."
		}
		response, body := send(t, address, ask(method+" /post"))
		checkOwnError(t, response, body, 503, hint)
		if got := received.Load(); got != int64(i+1) {
			t.Errorf("after %d requests the hosts have received %d", i+1, got)
		}
	}
}

// Each request has a connection of its own: a host may close an idle one just when a request is sent on it.
func TestBalancerReusesNoConnection(t *testing.T) {
	t.Parallel()
	connections := map[string]bool{}
	_, address := balance(t, render.HAProxy{}, serverHost(t, func(_ http.ResponseWriter, r *http.Request) {
		connections[r.RemoteAddr] = true
	}).BalancedHost)
	client := &http.Client{Transport: &http.Transport{}}
	for range 5 {
		response, err := client.Get("http://" + address + "/post")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	client.CloseIdleConnections()
	if len(connections) != 5 {
		t.Errorf("5 requests of one client came by %d connections", len(connections))
	}
}

// While no host is ready, each function still says itself what it lacks. A drained host gets nothing.
func TestWithoutAReadyHostFunctionsRespondThemselves(t *testing.T) {
	t.Parallel()
	a, c := serverHost(t, says("a")), serverHost(t, says("c"))
	a.unready.Store(true)
	c.unready.Store(true)
	c.drained.Store(true)
	b, address := balance(t, render.HAProxy{}, a.BalancedHost, c.BalancedHost)
	awaitUp(t, b, a.BalancedHost, false)
	awaitUp(t, b, c.BalancedHost, false)
	programs.Until(t, "the drained host gets nothing", func() bool {
		for range 10 {
			if _, body := send(t, address, ask("GET /post")); body != "a" {
				return false
			}
		}
		return true
	})
}

func TestBalancerTimeLimits(t *testing.T) {
	t.Parallel()
	_, address := balance(t, render.HAProxy{}, serverHost(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}).BalancedHost)
	for line, hint := range map[string]string{
		"GET /post": "time limit; try again", "POST /post": "its outcome is not known",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			response, body := send(t, address, ask(line))
			checkOwnError(t, response, body, 504, hint)
		})
	}
	t.Run("headers never end", func(t *testing.T) {
		t.Parallel()
		response, _ := send(t, address, "GET /post HTTP/1.1\r\nHost: a\r\n")
		if response.StatusCode != http.StatusRequestTimeout {
			t.Errorf("status %d, want 408", response.StatusCode)
		}
	})
	t.Run("the client goes away", func(t *testing.T) {
		t.Parallel()
		gone := make(chan struct{})
		_, address := balance(t, render.HAProxy{}, serverHost(t, func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			close(gone)
		}).BalancedHost)
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, ask("GET /post"))
		time.AfterFunc(100*time.Millisecond, func() { conn.Close() })
		select {
		case <-gone:
		case <-time.After(6 * time.Second):
			t.Error("the host was not told")
		}
	})
}

// A reload refuses no connection, and a client's connection gets a response to its next request.
func TestReloadOfTheBalancerLosesNothing(t *testing.T) {
	t.Parallel()
	b, address := balance(t, render.HAProxy{}, serverHost(t, says("a")).BalancedHost)
	kept := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	var stop atomic.Bool
	done, sent := make(chan error, 1), 0
	go func() {
		for ; !stop.Load(); sent++ {
			for _, c := range []*http.Client{kept, {Transport: &http.Transport{DisableKeepAlives: true}}} {
				response, err := c.Post("http://"+address+"/post", "text/plain", strings.NewReader("x"))
				if err != nil {
					done <- err
					return
				}
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
		}
		done <- nil
	}()
	for range 5 {
		if err := b.Reload(t.Context()); err != nil {
			t.Error(err)
		}
	}
	stop.Store(true)
	if err := <-done; err != nil || sent == 0 {
		t.Errorf("after %d pairs of requests: %v", sent, err)
	}
	kept.CloseIdleConnections()
}
