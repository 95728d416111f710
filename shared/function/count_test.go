package function

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"minifb/shared/api"
	"minifb/shared/stat"
	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

// A countingHandler counts into a database.
type countingHandler struct {
	*Handler
	t     *testing.T
	store *store.Store
}

func newCountingHandler(t *testing.T) countingHandler {
	t.Helper()
	s, err := store.Open(testdb.URL(t), "test", 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	log := slog.New(slog.DiscardHandler)
	routes := func(a *api.API, _ Deps) {
		a.Handle("GET /thing/{id}", func(w http.ResponseWriter, r *http.Request) {
			switch r.PathValue("id") {
			case "missing":
				w.WriteHeader(http.StatusNotFound)
			case "panic":
				panic("no")
			}
		})
		a.Schedule("work", func(context.Context) (map[string]int64, error) { return nil, nil })
	}
	settings := Settings{Timeout: time.Minute, Log: log, Recorder: stat.NewRecorder(s, log)}
	return countingHandler{NewHandler("test", routes, Deps{}, settings), t, s}
}

// check stores what was counted, and compares it.
func (h countingHandler) check(want map[store.Endpoint]int64) {
	h.t.Helper()
	h.settings.Recorder.Flush(h.t.Context())
	now := time.Now()
	list, err := h.store.RequestCounts(h.t.Context(), now.Add(-time.Hour).Truncate(store.RequestStep), now)
	if err != nil {
		h.t.Fatal(err)
	}
	got := map[store.Endpoint]int64{}
	for _, c := range list {
		got[store.Endpoint{Method: c.Method, Path: c.Path, Status: c.Status}] = c.N
	}
	if !maps.Equal(got, want) {
		h.t.Errorf("counted %v, want %v", got, want)
	}
}

func TestEachRequestIsCountedByItsRoute(t *testing.T) {
	t.Parallel()
	h := newCountingHandler(t)
	send := func(method, path, from string) {
		r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
		r.RemoteAddr = from
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	const client = "192.0.2.1:1"
	for _, path := range []string{
		"/thing/1", "/thing/2?x=1", "/thing/missing", "/thing/panic", "/nowhere", "/thing/", "/healthz/",
		"/healthz", // the operator's
	} {
		send(http.MethodGet, path, client)
	}
	send(http.MethodHead, "/thing/1", client)
	send(http.MethodPost, "/thing/1", client)
	send("BREW", "/thing/1", client)
	send(http.MethodPost, "/schedule/work", "@")    // a timer's
	send(http.MethodPost, "/schedule/work", client) // for clients there is no such route
	h.check(map[store.Endpoint]int64{
		{Method: "GET", Path: "/thing/{id}", Status: 200}: 2, {Method: "GET", Path: "/thing/{id}", Status: 404}: 1,
		{Method: "GET", Path: "/thing/{id}", Status: 500}: 1, {Method: "HEAD", Path: "/thing/{id}", Status: 200}: 1,
		{Method: "*", Path: "other", Status: 404}: 4, {Method: "*", Path: "other", Status: 405}: 2,
	})
}

// What net/http refuses before any handler is counted, too.
func TestUnreadableRequestsAreCounted(t *testing.T) {
	t.Parallel()
	h := newCountingHandler(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h, MaxHeaderBytes: maxHeader}
	go server.Serve(api.JSONErrors(listener, h.observeRefused))
	t.Cleanup(func() { _ = server.Close() })
	for _, request := range []string{
		"NONSENSE\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET /thing/1 HTTP/9.9\r\nHost: a\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, request)
		if _, err := io.ReadAll(conn); err != nil {
			t.Error(err)
		}
		_ = conn.Close()
	}
	h.check(map[store.Endpoint]int64{
		{Method: "*", Path: "other", Status: 400}: 2, {Method: "*", Path: "other", Status: 505}: 1,
	})
}

// On Lambda a request is stored when its invocation returns: the process may never run again.
func TestOnLambdaARequestIsCountedBeforeItsResponse(t *testing.T) {
	t.Parallel()
	h := newCountingHandler(t)
	const event = `{"version":"2.0","rawPath":"/thing/1","requestContext":{"http":{"method":"GET",` +
		`"sourceIp":"192.0.2.1"},"domainName":"x.lambda-url.eu-west-1.on.aws"},"headers":{"host":"h"}}`
	for range 3 {
		if _, err := newInvoker(h.Handler).Invoke(t.Context(), []byte(event)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := newInvoker(h.Handler).Invoke(t.Context(), []byte("{}")); err == nil {
		t.Error("an event that is none is accepted")
	}
	h.settings.Recorder = nil // check has nothing left to flush
	h.check(map[store.Endpoint]int64{{Method: "GET", Path: "/thing/{id}", Status: 200}: 3})
}

// A database that hangs takes no response away: the invocation returns before its end.
func TestOnLambdaAHangingDatabaseDelaysNoResponse(t *testing.T) {
	t.Parallel()
	hanging, err := net.Listen("tcp", "127.0.0.1:0") // it accepts no connection
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hanging.Close() })
	s, err := store.Open("postgres://u:p@"+hanging.Addr().String()+"/d?sslmode=disable", "test", 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	i := newTestInvoker(t, time.Minute, http.NotFound)
	i.handler.settings.Recorder = stat.NewRecorder(s, slog.New(slog.DiscardHandler))
	i.margin = 10 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), i.margin+100*time.Millisecond)
	defer cancel()
	const event = `{"version":"2.0","rawPath":"/slow","requestContext":{"http":{"method":"GET"}}}`
	response, err := i.Invoke(ctx, []byte(event))
	if err != nil || !strings.HasPrefix(string(response), `{"statusCode":504,`) {
		t.Errorf("%s, %v, want a 504", response, err)
	}
	if ctx.Err() != nil {
		t.Error("the invocation has ended before its response")
	}
}
