package function

import (
	"context"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"time"

	"minifb/shared/api"
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

// observe is the one place where requests are recorded: in the log, and in the counts. Those of
// /healthz and /readyz are not the clients', and are left out.
func (h *Handler) observe(ctx context.Context, r record) {
	if path := r.path(); path == "/healthz" || path == "/readyz" {
		return
	}
	h.log(ctx, r)
	h.counts.add(r)
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

// Counts are how many requests each route has served: Counts["GET /post/{id}"][4] is how many of
// its responses had a status of 400 to 499. A request that no route matches counts as "other".
type Counts map[string][6]int64

// counts collects Counts. The zero value is ready for use, and safe for concurrent use.
type counts struct {
	mu     sync.Mutex
	routes Counts
}

func (c *counts) add(r record) {
	route := r.pattern
	if route == "" {
		route = "other"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.routes == nil {
		c.routes = Counts{}
	}
	classes := c.routes[route]
	classes[min(r.status/100, 5)]++
	c.routes[route] = classes
}

// Counts returns the counts since the start of the process.
func (h *Handler) Counts() Counts {
	h.counts.mu.Lock()
	defer h.counts.mu.Unlock()
	return maps.Clone(h.counts.routes)
}

// logCounts logs the totals, when the process ends.
func (h *Handler) logCounts() {
	var total [6]int64
	for _, classes := range h.Counts() {
		for class, n := range classes {
			total[class] += n
		}
	}
	h.settings.Log.Info("served",
		"status_2xx", total[2], "status_3xx", total[3], "status_4xx", total[4], "status_5xx", total[5])
}
