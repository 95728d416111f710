package feed

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

const secret = "geheim"

// sample returns this many requests, each with another time.
func sample(n int) (batch []*Request) {
	for i := range n {
		batch = append(batch, &Request{
			Method: "GET", Route: "/post/{id}", Status: 200, Bytes: 10 + i, Duration: 1500 * time.Microsecond,
			ID: "id", Ended: time.Unix(1_700_000_000, int64(i+1)),
		})
	}
	return batch
}

func sampleSpans(n int) []sdktrace.ReadOnlySpan {
	return make(tracetest.SpanStubs, n).Snapshots()
}

// A trial is one batch for a receiver, and what became of it.
type trial struct {
	sent, again int
	after       time.Duration
	err         error
}

// trials send two records to the receiver at a base URL.
func trials(t *testing.T, base string) map[string]func(context.Context) trial {
	t.Helper()
	withSecret := strings.Replace(base, "://", "://user:"+secret+"@", 1)
	i, err := newInflux(withSecret+"/?db=minifb", "post", "host")
	if err != nil {
		t.Fatal(err)
	}
	e, err := newElastic(withSecret+"/minifb", "post", "host", "process")
	if err != nil {
		t.Fatal(err)
	}
	o, _, err := newOTLP(withSecret)
	if err != nil {
		t.Fatal(err)
	}
	requests := func(send func(context.Context, []*Request) outcome[*Request]) func(context.Context) trial {
		return func(ctx context.Context) trial {
			o := send(ctx, sample(2))
			return trial{o.sent, len(o.again), o.after, o.err}
		}
	}
	return map[string]func(context.Context) trial{
		"influx": requests(i.send), "elastic": requests(e.send),
		"otlp": func(ctx context.Context) trial {
			o := o.send(ctx, sampleSpans(2))
			return trial{o.sent, len(o.again), o.after, o.err}
		},
	}
}

// A receiver that fails for now gets the batch again; one that refuses it does not. No error shows the
// credentials.
func TestReceiversThatFail(t *testing.T) {
	t.Parallel()
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(code)
			io.WriteString(w, "no")
		}
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		again   int
		after   time.Duration
	}{
		"429": {status(429), 2, 7 * time.Second},
		"500": {status(500), 2, 7 * time.Second},
		"503": {status(503), 2, 7 * time.Second},
		"400": {status(400), 0, 7 * time.Second},
		"401": {status(401), 0, 7 * time.Second},
		"404": {status(404), 0, 7 * time.Second},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				t.Error("the redirect is followed")
			}
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, 0, 0},
		"a reset": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_ = conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.handler)
			defer server.Close()
			for feed, try := range trials(t, server.URL) {
				got := try(t.Context())
				if got.sent != 0 || got.again != c.again || got.after != c.after || got.err == nil ||
					strings.Contains(got.err.Error(), secret) {
					t.Errorf("%s: got %+v, want %d again after %s", feed, got, c.again, c.after)
				}
			}
		})
	}
}

func TestReceiversThatHangOrRefuseConnections(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	for feed, try := range trials(t, server.URL) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if got := try(ctx); got.again != 2 || got.err == nil || strings.Contains(got.err.Error(), secret) {
			t.Errorf("%s: a receiver that hangs: %+v", feed, got)
		}
		cancel()
	}
	for feed, try := range trials(t, "http://127.0.0.1:1") { // port 1 is closed
		if got := try(t.Context()); got.again != 2 || got.err == nil || strings.Contains(got.err.Error(), secret) {
			t.Errorf("%s: a closed port: %+v", feed, got)
		}
	}
}

// A receiver that sends without end is not read to the end.
func TestEndlessResponses(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		chunk := []byte(strings.Repeat(" ", 64<<10))
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	for feed, try := range trials(t, server.URL) {
		if feed == "influx" {
			continue // a 200 is enough for it; it reads no body
		}
		if got := try(t.Context()); got.err == nil || got.sent != 0 {
			t.Errorf("%s: got %+v", feed, got)
		}
	}
}

// A bulk is a strict stand-in for Elasticsearch's _bulk: it refuses what Elasticsearch refuses, and
// keeps documents by their id.
type bulk struct {
	t      *testing.T
	mu     sync.Mutex
	stored map[string]document
	refuse func(id string, d document) int // a status for a document, or 0
}

func (b *bulk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	if r.Method != http.MethodPost || r.URL.Path != "/minifb/_bulk" || !r.URL.Query().Has("filter_path") ||
		user != "user" || password != secret ||
		r.Header.Get("Content-Type") != "application/x-ndjson" {
		b.t.Errorf("%s %s by %s as %s", r.Method, r.URL.Path, user, r.Header.Get("Content-Type"))
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || !strings.HasSuffix(string(body), "\n") {
		b.t.Errorf("the body does not end with a new line: %v", err)
	}
	lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
	if len(lines)%2 != 0 {
		b.t.Errorf("%d lines: not pairs of action and document", len(lines))
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	items := []any{}
	for i := 0; i < len(lines); i += 2 {
		var action struct {
			Create struct {
				ID string `json:"_id"`
			} `json:"create"`
		}
		var d document
		b.decode(lines[i], &action)
		b.decode(lines[i+1], &d)
		id := action.Create.ID
		status := http.StatusCreated
		if _, ok := b.stored[id]; ok {
			status = http.StatusConflict
		} else if refused := b.refuse(id, d); refused != 0 {
			status = refused
		} else {
			b.stored[id] = d
		}
		items = append(items, map[string]any{"create": map[string]any{
			"_id": id, "status": status, "error": map[string]string{"reason": "because"},
		}})
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(map[string]any{"items": items}); err != nil {
		b.t.Error(err)
	}
}

func (b *bulk) decode(line string, to any) {
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		b.t.Errorf("%s: %v", line, err)
	}
}

func TestElastic(t *testing.T) {
	t.Parallel()
	busy := true
	b := &bulk{t: t, stored: map[string]document{}, refuse: func(_ string, d document) int {
		switch {
		case d.Bytes == 11 && busy:
			return http.StatusTooManyRequests
		case d.Bytes == 12:
			return http.StatusBadRequest
		}
		return 0
	}}
	server := httptest.NewServer(b)
	defer server.Close()
	e, err := newElastic(strings.Replace(server.URL, "://", "://user:"+secret+"@", 1)+"/minifb", "post", "host", "p1")
	if err != nil {
		t.Fatal(err)
	}
	batch := sample(4)
	batch[3].Status, batch[3].Error, batch[3].traceID = 500, "line one\nline \"two\" \u2028 \x00", "abc"
	o := e.send(t.Context(), batch)
	if o.sent != 2 || len(o.again) != 1 || o.again[0] != batch[1] || o.err == nil {
		t.Fatalf("got %+v, want 2 sent and the second again", o)
	}
	busy = false
	// The response was lost, and the batch is sent again: what is stored counts as sent.
	if o := e.send(t.Context(), batch); o.sent != 3 || len(o.again) != 0 || len(b.stored) != 3 {
		t.Errorf("got %+v with %d documents, want 3 of both", o, len(b.stored))
	}
	want := document{
		Timestamp: batch[3].Ended.UTC(), Service: "minifb-post", Host: "host", Level: "error", Method: "GET",
		Route: "/post/{id}", RequestID: "id", Status: 500, Bytes: 13, Duration: 1_500_000, TraceID: "abc",
		Error: batch[3].Error,
	}
	found := false
	for id, d := range b.stored {
		found = found || (d == want && strings.HasPrefix(id, "p1-"))
	}
	if !found {
		t.Errorf("the document %+v is not among %+v", want, b.stored)
	}
}

// What Elasticsearch says makes no sense: nothing is sent again, since it would never end.
func TestElasticThatRespondsNonsense(t *testing.T) {
	t.Parallel()
	for _, content := range []string{
		"", "[]", "<html>", `{"items":[]}`, `{"items":[{"create":{"status":201}}]}`, `{"items":[{},{}]}`,
		`{"items":[{"create":{"status":201}},{"create":{"status":201}},{"create":{"status":201}}]}`,
	} {
		if o := settle(sample(2), []byte(content)); o.sent != 0 || len(o.again) != 0 || o.err == nil {
			t.Errorf("%s: got %+v", content, o)
		}
	}
}

func FuzzSettle(f *testing.F) {
	f.Add([]byte(`{"items":[{"create":{"status":201}},{"create":{"status":429,"error":{"reason":"x"}}}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		o := settle(sample(2), content)
		if o.sent+len(o.again) > 2 || (o.sent < 2 && o.err == nil) {
			t.Errorf("%s: got %+v", content, o)
		}
	})
}
