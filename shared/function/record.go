package function

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"minifb/shared/api"
	"minifb/shared/feed"
	"minifb/shared/store"
)

// A record is what is known of a request when its response has been sent.
type record struct {
	method    string
	pattern   string // its route, such as "GET /post/{id}"; empty if it has none
	status    int
	bytes     int // of the response's body
	duration  time.Duration
	requestID string
	done      map[string]int64 // see api.Exchange
	err       error            // see api.Exchange
}

// path returns the path of the record's route, or "other" if it has none.
func (r record) path() string {
	if _, path, ok := strings.Cut(r.pattern, " "); ok {
		return path
	}
	return "other"
}

// endpoint returns what the record's request is counted by.
func (r record) endpoint() store.Endpoint {
	if r.pattern == "" {
		return store.Endpoint{Method: "*", Path: r.path(), Status: r.status}
	}
	return store.Endpoint{Method: r.method, Path: r.path(), Status: r.status}
}

// ofOperator reports whether a path is one of those that only the operator's programs request.
func ofOperator(path string) bool {
	return path == "/healthz" || path == "/readyz" || path == "/metrics"
}

// observe is the one place where requests are recorded: in the log, in the counts and in the feeds.
// Those of /healthz, /readyz and /metrics are not the clients', and are left out; nor are calls of a
// schedule counted.
func (h *Handler) observe(ctx context.Context, r record) {
	path := r.path()
	if ofOperator(path) {
		return
	}
	h.log(ctx, r)
	if !strings.HasPrefix(path, api.SchedulePath("")) {
		h.settings.Recorder.Add(r.endpoint(), r.duration)
	}
	h.feed(ctx, r)
}

// feed passes a record to the feeds.
func (h *Handler) feed(ctx context.Context, r record) {
	request := feed.Request{
		Method: r.method, Route: r.path(), Status: r.status, Bytes: r.bytes, Duration: r.duration,
		ID: r.requestID, Done: r.done,
	}
	if r.pattern == "" {
		request.Method = "other"
	}
	if r.err != nil {
		request.Error = api.Redact(r.err.Error())
	}
	h.settings.Feeds.Record(ctx, &request)
}

func (h *Handler) log(ctx context.Context, r record) {
	level := slog.LevelInfo
	attributes := []slog.Attr{
		slog.String("method", r.method), slog.String("route", r.path()), slog.Int("status", r.status),
		slog.Float64("duration_ms", float64(r.duration.Microseconds())/1000), slog.Int("bytes", r.bytes),
		slog.String("request_id", r.requestID),
	}
	if r.done != nil {
		attributes = append(attributes, slog.Any("done", r.done))
	}
	if r.err != nil {
		level = slog.LevelError
		attributes = append(attributes, slog.String("error", api.Redact(r.err.Error())))
	}
	h.settings.Log.LogAttrs(ctx, level, "request", attributes...)
}

// observeRefused counts a request that net/http has refused before any handler.
func (h *Handler) observeRefused(status int) {
	r := record{status: status}
	h.settings.Recorder.Add(r.endpoint(), 0)
	h.feed(context.Background(), r)
}
