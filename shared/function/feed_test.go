package function

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"minifb/shared/api"
	"minifb/shared/feed"
	"minifb/shared/password"
	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

// feedRoutes has a route that reads a user, and a schedule.
func feedRoutes(a *api.API, d Deps) {
	a.Handle("GET /user/{id}", func(w http.ResponseWriter, r *http.Request) {
		switch id := r.PathValue("id"); id {
		case "panic":
			panic("no")
		case "fast":
		default:
			if _, err := d.Store.UserByID(r.Context(), id); err != nil {
				w.WriteHeader(http.StatusNotFound)
			}
		}
	})
	type input struct {
		ID string `path:"id" doc:"An id"`
	}
	api.Register(a, api.Route{Method: http.MethodGet, Path: "/quiet/{id}", Access: api.Public, Summary: "Quiet"},
		func(context.Context, *input) (*struct{}, error) { return &struct{}{}, nil })
	a.Schedule("maintenance", func(context.Context) (map[string]int64, error) {
		return map[string]int64{"mails_sent": 3}, nil
	})
	a.Schedule("failing", func(context.Context) (map[string]int64, error) { return nil, errors.New("no") })
}

// feedHandler returns a handler with feeds over the database at url, and the feeds.
func feedHandler(t testing.TB, url string, s feed.Settings) (*Handler, *feed.Feeds) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	feeds, err := feed.New(s, "test", log)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(url, "test", 4, store.Traced(feeds.Tracer()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	deps := Deps{Store: db, Passwords: password.New(10)}
	return NewHandler("test", feedRoutes, deps, Settings{Timeout: time.Minute, Log: log, Feeds: feeds}), feeds
}

// call sends a request without a client's address, as a timer of the host does.
func call(h *Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.RemoteAddr = ""
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// metric returns the value of a line of /metrics that begins with this name and these labels.
func metric(t *testing.T, h *Handler, name string) float64 {
	t.Helper()
	for line := range strings.Lines(call(h, http.MethodGet, "/metrics").Body.String()) {
		if text, ok := strings.CutPrefix(line, name+" "); ok {
			value, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil {
				t.Fatal(err)
			}
			return value
		}
	}
	t.Fatalf("no metric %s in\n%s", name, call(h, http.MethodGet, "/metrics").Body)
	return 0
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	h, _ := feedHandler(t, testdb.URL(t), feed.Settings{Metrics: true})
	started := metric(t, h, `minifb_schedule_success_timestamp_seconds{function="test",schedule="maintenance"}`)
	for _, target := range []string{
		"GET /user/fast", "GET /user/fast?x=1", "HEAD /user/fast", "GET /user/panic", "GET /user/nobody",
		"GET /nowhere", "GET /nowhere/else", "ODDMETHOD /nowhere", "POST /user/fast", "GET /healthz", "GET /readyz",
		"POST /schedule/maintenance", "POST /schedule/maintenance",
	} {
		method, path, _ := strings.Cut(target, " ")
		call(h, method, path)
	}
	h.observeRefused(http.StatusBadRequest)
	for name, want := range map[string]float64{
		`minifb_requests_total{function="test",method="GET",route="/user/{id}",status="200"}`:               2,
		`minifb_requests_total{function="test",method="HEAD",route="/user/{id}",status="200"}`:              1,
		`minifb_requests_total{function="test",method="GET",route="/user/{id}",status="500"}`:               1,
		`minifb_requests_total{function="test",method="GET",route="/user/{id}",status="404"}`:               1,
		`minifb_requests_total{function="test",method="*",route="other",status="404"}`:                      3,
		`minifb_requests_total{function="test",method="*",route="other",status="405"}`:                      1,
		`minifb_requests_total{function="test",method="*",route="other",status="400"}`:                      1,
		`minifb_request_duration_seconds_count{function="test",method="GET",route="/user/{id}"}`:            4,
		`minifb_request_duration_seconds_bucket{function="test",method="GET",route="/user/{id}",le="+Inf"}`: 4,
		`minifb_schedule_done_total{function="test",schedule="maintenance",what="mails_sent"}`:              6,
		`minifb_requests_total{function="test",method="GET",route="/quiet/{id}",status="503"}`:              0,
		`minifb_request_duration_seconds_count{function="test",method="GET",route="/quiet/{id}"}`:           0,
		`minifb_requests_in_flight{function="test"}`:                                                        0,
		`minifb_database_up{function="test"}`:                                                               1,
		`minifb_database_connections_max{function="test"}`:                                                  4,
		`minifb_database_connections{function="test",state="in_use"}`:                                       0,
		`minifb_mails_due{function="test"}`:                                                                 0,
		`minifb_mail_oldest_seconds{function="test"}`:                                                       0,
		`minifb_accounts_to_sweep{function="test"}`:                                                         0,
		`minifb_password_queue_length{function="test"}`:                                                     0,
	} {
		if got := metric(t, h, name); got != want {
			t.Errorf("%s is %g, want %g", name, got, want)
		}
	}
	succeeded := metric(t, h, `minifb_schedule_success_timestamp_seconds{function="test",schedule="maintenance"}`)
	if succeeded <= started {
		t.Errorf("the schedule succeeded at %f, not after the start at %f", succeeded, started)
	}
	text := call(h, http.MethodGet, "/metrics").Body.String()
	for _, absent := range []string{"healthz", "readyz", `"/metrics"`, "ODDMETHOD", `route="/schedule`} {
		if strings.Contains(text, absent) {
			t.Errorf("/metrics shows %s", absent)
		}
	}
	if !strings.Contains(text, "go_goroutines{") || !strings.Contains(text, "process_resident_memory_bytes{") {
		t.Error("/metrics shows neither the process nor Go's runtime")
	}
}

// What alarms read turns bad: a schedule whose calls fail does not succeed, and a database that was up is down.
func TestMetricsShowFailures(t *testing.T) {
	t.Parallel()
	url := testdb.URL(t)
	h, _ := feedHandler(t, url, feed.Settings{Metrics: true})
	const success = `minifb_schedule_success_timestamp_seconds{function="test",schedule="failing"}`
	started := metric(t, h, success)
	if got := call(h, http.MethodPost, "/schedule/failing").Code; got != http.StatusInternalServerError {
		t.Fatalf("the schedule's call is %d, want 500", got)
	}
	if got := metric(t, h, success); got != started {
		t.Errorf("the failed call counts as a success at %f", got)
	}
	const up = `minifb_database_up{function="test"}`
	if got := metric(t, h, up); got != 1 {
		t.Errorf("with a schema, up is %g", got)
	}
	if err := testdb.Execute(url, "UPDATE bun_migrations SET name = '0000'"); err != nil {
		t.Fatal(err)
	}
	if got := metric(t, h, up); got != 0 {
		t.Errorf("with an older schema, up is %g", got)
	}
}

func TestMetricsWithoutDatabase(t *testing.T) {
	t.Parallel()
	h, _ := feedHandler(t, "postgres://minifb@127.0.0.1:1/minifb", feed.Settings{Metrics: true}) // port 1 is closed
	if got := metric(t, h, `minifb_database_up{function="test"}`); got != 0 {
		t.Errorf("the database is up: %g", got)
	}
}

func TestMetricsAreOffByDefault(t *testing.T) {
	t.Parallel()
	h, _ := feedHandler(t, "postgres://minifb@127.0.0.1:1/minifb", feed.Settings{OTLPURL: "http://127.0.0.1:1"})
	if got := call(h, http.MethodGet, "/metrics").Code; got != http.StatusNotFound {
		t.Errorf("status %d, want 404", got)
	}
}

// A traces collects the spans that it is sent.
type traces struct {
	mu    sync.Mutex
	spans []*tracepb.Span
}

func (c *traces) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var data tracepb.TracesData
	if err != nil || proto.Unmarshal(body, &data) != nil || r.URL.Path != "/v1/traces" ||
		r.Header.Get("Content-Type") != "application/x-protobuf" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range data.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
}

// A request's span continues its client's trace, and the spans of its statements are below it, without
// their arguments.
func TestTraces(t *testing.T) {
	t.Parallel()
	collector := &traces{}
	server := httptest.NewServer(collector)
	defer server.Close()
	h, feeds := feedHandler(t, testdb.URL(t), feed.Settings{OTLPURL: server.URL + "/?ratio=1"})
	call(h, http.MethodGet, "/user/someone", "traceparent", "00-0123456789abcdef0123456789abcdef-0123456789abcdef-00",
		"tracestate", "long=value")
	feeds.Close()
	i := slices.IndexFunc(collector.spans, func(s *tracepb.Span) bool { return s.GetName() == "GET /user/{id}" })
	if i < 0 || len(collector.spans) < 2 {
		t.Fatalf("got %v", collector.spans)
	}
	const client = "\x01\x23\x45\x67\x89\xab\xcd\xef"
	ids := []string{}
	for _, span := range collector.spans {
		ids = append(ids, string(span.GetSpanId()))
	}
	for n, span := range collector.spans {
		parent := string(span.GetParentSpanId())
		if (n == i) != (parent == client) || (n != i && !slices.Contains(ids, parent)) ||
			string(span.GetTraceId()) != client+client || span.GetTraceState() != "" ||
			strings.Contains(span.String(), "someone") {
			t.Errorf("the span is %v", span)
		}
	}
	isStatement := func(s *tracepb.Span) bool { return strings.Contains(s.String(), "SELECT") }
	if !slices.ContainsFunc(collector.spans, isStatement) {
		t.Error("no span has a statement")
	}
}
