package function

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/api"
	"minifb/shared/config"
	"minifb/shared/feed"
	"minifb/shared/stat"
)

// Settings are how a handler behaves besides its routes.
type Settings struct {
	Timeout        time.Duration   // of one request
	GenericHint    bool            // hide the cause of a 500
	Origins        api.Origins     // whose pages may call the function
	BasePath       string          // before each path of an event, such as /v1; see config.Config
	TrustedProxies config.Networks // see config.Config
	Log            *slog.Logger
	Recorder       *stat.Recorder // counts the requests; may be nil
	Feeds          *feed.Feeds    // nil has none
}

// A Handler serves the routes of one area, /healthz, /readyz and, if it is on, /metrics. It gives
// each request an id and a time limit, recovers panics, and records the request at its end. A
// response is held back until it is complete, so that a client never gets a part of one.
type Handler struct {
	api      *api.API
	settings Settings
	draining atomic.Bool
}

// NewHandler returns the handler of an area.
func NewHandler(area string, routes Routes, d Deps, s Settings) *Handler {
	a := api.New(api.Options{
		Area: area, Tokens: d.Tokens, Revoked: d.Revoked, Store: d.Store, GenericHint: s.GenericHint,
		Origins: s.Origins,
	})
	routes(a, d)
	a.Handle("GET /healthz", healthy)
	a.Handle("GET /readyz", func(w http.ResponseWriter, r *http.Request) { ready(w, r, d.Store, d.Tokens) })
	sources := feed.Sources{Store: d.Store, Passwords: d.Passwords, Schedules: a.Schedules()}
	for _, operation := range operations(a) {
		sources.Operations = append(sources.Operations, [2]string{operation.Method, operation.Path})
	}
	if metrics := s.Feeds.Metrics(sources); metrics != nil {
		a.Handle("GET /metrics", metrics.ServeHTTP)
	}
	return &Handler{api: a, settings: s}
}

// operations returns the area's routes.
func operations(a *api.API) (all []*huma.Operation) {
	for _, path := range slices.Sorted(maps.Keys(a.OpenAPI().Paths)) {
		item := a.OpenAPI().Paths[path]
		for _, operation := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if operation != nil {
				all = append(all, operation)
			}
		}
	}
	return all
}

// API returns the area's routes, for programs that read their OpenAPI text.
func (h *Handler) API() *api.API { return h.api }

// ServeHTTP serves a request by its route.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.serve(w, r, h.api.ServeHTTP) }

// serve does for a request what every request needs, and calls next in between.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	start := time.Now()
	joinRepeated(r.Header)
	exchange := &api.Exchange{
		RequestID: api.RequestID(r), MethodAndPath: api.MethodAndPath(r),
		Client: clientAddress(r, h.settings.TrustedProxies),
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.settings.Timeout)
	defer cancel()
	if !ofOperator(r.URL.Path) {
		ctx = h.settings.Feeds.Begin(ctx, r.Header)
		defer h.settings.Feeds.End()
	}
	r = r.WithContext(api.WithExchange(ctx, exchange))

	response := &responseBuffer{connection: w, header: http.Header{}}
	defer response.release()
	h.recoverPanic(response, r, exchange, next)
	response.header.Set("X-Request-Id", exchange.RequestID)
	response.header.Set("X-Content-Type-Options", "nosniff")
	h.api.LimitCaching(response.header, r)
	h.settings.Origins.Allow(response.header, r)
	if h.draining.Load() {
		response.header.Set("Connection", "close")
	}
	readRest(r)
	response.send(w, r)
	h.observe(ctx, record{
		method: r.Method, pattern: r.Pattern, status: response.status, bytes: response.buffer().Len(),
		duration: time.Since(start), requestID: exchange.RequestID,
		done: exchange.Done, err: exchange.Err,
	})
}

// maxRest is the most of a body that is read though nobody needs it, in bytes; net/http has the same limit.
const maxRest = 256 << 10

// readRest reads what is left of the body, until its time is over. nginx closes the connection to the client if it gets
// the response before it has passed the whole body on, although it has just told the client that it keeps it. Then the
// client's next request could be lost. net/http does the same, but not if the response says Connection: close.
func readRest(r *http.Request) {
	if r.ContentLength != 0 && r.Header.Get("Expect") == "" { // a client that waits sends no body after a refusal
		_, _ = io.CopyN(io.Discard, r.Body, maxRest) // the response is the same if it fails
	}
}

// recoverPanic calls next, and makes the response a 500 if that panics.
func (h *Handler) recoverPanic(w *responseBuffer, r *http.Request, exchange *api.Exchange, next http.HandlerFunc) {
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
	next(w, r)
}

// joinRepeated makes one line of a header that was sent in several (RFC 9110, 5.3). It joins them
// by a comma without a space, as AWS's gateways do.
func joinRepeated(header http.Header) {
	for name, values := range header {
		if len(values) > 1 {
			header[name] = []string{strings.Join(values, ",")}
		}
	}
}
