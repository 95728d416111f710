package function

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"minifb/shared/api"
)

// Settings are how a handler behaves beside its routes.
type Settings struct {
	Timeout     time.Duration // of one request
	GenericHint bool          // hide a 500's cause
	Log         *slog.Logger
}

// A Handler serves one area's routes and its health. Around every request it puts an id, a time limit, a log line and
// a net for panics, and it holds each answer back until it is whole: an answer is never half of one.
type Handler struct {
	api      *api.API
	settings Settings
	draining atomic.Bool
}

// NewHandler makes an area's handler.
func NewHandler(area string, routes Routes, d Deps, s Settings) *Handler {
	a := api.New(api.Options{
		Area: area, Tokens: d.Tokens, Revoked: d.Revoked, Store: d.Store, GenericHint: s.GenericHint,
	})
	routes(a, d)
	a.Handle("GET /healthz", healthy)
	a.Handle("GET /readyz", func(w http.ResponseWriter, r *http.Request) { ready(w, r, d.Store) })
	return &Handler{api: a, settings: s}
}

// API is the routes alone, for what reads their OpenAPI text.
func (h *Handler) API() *api.API { return h.api }

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.around(w, r, h.api.ServeHTTP) }

// around puts all that every request gets around one way of serving it.
func (h *Handler) around(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
	start := time.Now()
	joinRepeated(r.Header)
	exchange := &api.Exchange{RequestID: api.RequestID(r), MethodAndPath: api.MethodAndPath(r)}
	ctx, cancel := context.WithTimeout(r.Context(), h.settings.Timeout)
	defer cancel()
	r = r.WithContext(api.WithExchange(ctx, exchange))

	answer := &responseBuffer{connection: w, header: http.Header{}}
	h.guard(answer, r, exchange, serve)
	answer.header.Set("X-Request-Id", exchange.RequestID)
	answer.header.Set("X-Content-Type-Options", "nosniff")
	if h.draining.Load() {
		answer.header.Set("Connection", "close")
	}
	answer.send(w, r.Method)
	h.log(ctx, r, exchange, answer, time.Since(start))
}

// guard serves, and answers 500 where that panics.
func (h *Handler) guard(w *responseBuffer, r *http.Request, exchange *api.Exchange, serve http.HandlerFunc) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		exchange.Err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		w.reset()
		if h.settings.GenericHint {
			api.Write(w, api.FailedGeneric.With())
		} else {
			api.Write(w, api.Failed.With(fmt.Sprintf("panic: %v", cause)))
		}
	}()
	serve(w, r)
}

func (h *Handler) log(ctx context.Context, r *http.Request, exchange *api.Exchange, a *responseBuffer, took time.Duration) {
	_, route, matched := strings.Cut(r.Pattern, " ")
	if !matched {
		route = "other"
	}
	if route == "/healthz" || route == "/readyz" {
		return
	}
	level := slog.LevelInfo
	attributes := []slog.Attr{
		slog.String("method", r.Method), slog.String("route", route), slog.Int("status", a.status),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000), slog.Int("bytes", a.body.Len()),
		slog.String("request_id", exchange.RequestID),
	}
	if exchange.Err != nil {
		level = slog.LevelError
		attributes = append(attributes, slog.String("error", api.Redact(exchange.Err.Error())))
	}
	h.settings.Log.LogAttrs(ctx, level, "request", attributes...)
}

// joinRepeated makes one line of a header sent in several, as RFC 9110 (5.3) reads them, with the bare comma that Lambda's
// gateways put there.
func joinRepeated(header http.Header) {
	for name, values := range header {
		if len(values) > 1 {
			header[name] = []string{strings.Join(values, ",")}
		}
	}
}
