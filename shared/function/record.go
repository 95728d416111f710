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

// endpoint returns what the record's request is counted by.
func (r record) endpoint() store.Endpoint {
	if _, path, ok := strings.Cut(r.pattern, " "); ok {
		return store.Endpoint{Method: r.method, Path: path, Status: r.status}
	}
	return store.Endpoint{Method: "*", Path: "other", Status: r.status}
}

// ofOperator reports whether a path is one of those that only the operator's programs request.
func ofOperator(path string) bool {
	return path == "/healthz" || path == "/readyz" || path == "/metrics"
}

// observe is the one place where requests are recorded: in the log, in the counts and in the feeds.
// Those of /healthz, /readyz and /metrics are not the clients', and are left out; nor are calls of a
// schedule counted.
func (h *Handler) observe(ctx context.Context, r record) {
	endpoint := r.endpoint()
	if ofOperator(endpoint.Path) {
		return
	}
	cause := ""
	if r.err != nil {
		cause = api.Redact(r.err.Error())
	}
	h.log(ctx, r, endpoint.Path, cause)
	schedule := ""
	if name, ok := strings.CutPrefix(endpoint.Path, api.SchedulePath("")); ok {
		schedule = name
	} else {
		h.settings.Recorder.Add(endpoint, r.duration)
	}
	if h.settings.Feeds == nil {
		return
	}
	h.settings.Feeds.Record(ctx, &feed.Request{
		Method: endpoint.Method, Route: endpoint.Path, Schedule: schedule, Status: r.status, Bytes: r.bytes,
		Duration: r.duration, ID: r.requestID, Error: cause, Done: r.done,
	})
}

func (h *Handler) log(ctx context.Context, r record, route, cause string) {
	level := slog.LevelInfo
	attributes := []slog.Attr{
		slog.String("method", r.method), slog.String("route", route), slog.Int("status", r.status),
		slog.Float64("duration_ms", float64(r.duration.Microseconds())/1000), slog.Int("bytes", r.bytes),
		slog.String("request_id", r.requestID),
	}
	if r.done != nil {
		attributes = append(attributes, slog.Any("done", r.done))
	}
	if cause != "" {
		level = slog.LevelError
		attributes = append(attributes, slog.String("error", cause))
	}
	h.settings.Log.LogAttrs(ctx, level, "request", attributes...)
}

// observeRefused counts a request that net/http has refused before any handler. It took no time: it
// was refused when it could not be read on.
func (h *Handler) observeRefused(status int) {
	endpoint := record{status: status}.endpoint()
	h.settings.Recorder.Add(endpoint, 0)
	h.settings.Feeds.Record(context.Background(), &feed.Request{
		Method: endpoint.Method, Route: endpoint.Path, Status: status,
	})
}
