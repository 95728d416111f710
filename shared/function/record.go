package function

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"minifb/shared/api"
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

// observe is the one place where requests are recorded: in the log, and in the counts. Those of
// /healthz and /readyz are not the clients', and are left out; nor are calls of a schedule counted.
func (h *Handler) observe(ctx context.Context, r record) {
	path := r.path()
	if path == "/healthz" || path == "/readyz" {
		return
	}
	h.log(ctx, r)
	if !strings.HasPrefix(path, api.SchedulePath("")) {
		h.settings.Recorder.Add(r.endpoint(), r.duration)
	}
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
	h.settings.Recorder.Add(record{status: status}.endpoint(), 0)
}
