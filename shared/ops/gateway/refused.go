package gateway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"minifb/shared/api"
	"minifb/shared/stat"
	"minifb/shared/store"
)

// A RefusedLog lists the requests that the gateway has responded to itself, for their counts; see
// stat.StoreRefused.
type RefusedLog struct {
	name string // of this process, in each line

	mu sync.Mutex
	w  io.Writer
	n  int // lines written
}

// NewRefusedLog returns a log that appends to w.
func NewRefusedLog(w io.Writer) *RefusedLog {
	return &RefusedLog{name: fmt.Sprintf("gateway-%x", time.Now().UnixNano()), w: w}
}

// Add adds a request that has a route, as "POST /post/{id}", or none.
func (l *RefusedLog) Add(route string, status int, took time.Duration) {
	e := store.Endpoint{Method: "*", Path: "other", Status: status}
	if method, path, ok := strings.Cut(route, " "); ok {
		e.Method, e.Path = method, path
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	writer := fmt.Sprintf("%s-%d", l.name, l.n)
	_, _ = io.WriteString(l.w, stat.RefusedLine(time.Now(), writer, e, took)) // as for any log line
}

// A refusal is what refuse notes of a request.
type refusal struct {
	route  string
	status int // 0: the request was not refused
}

type refusalKey struct{}

// list adds the requests that next refuses to the log.
func (l *RefusedLog) list(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, noted := time.Now(), &refusal{}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), refusalKey{}, noted)))
		if noted.status != 0 {
			l.Add(noted.route, noted.status, time.Since(start))
		}
	})
}

// refuse sends an error response to a request that no function counts.
func refuse(w http.ResponseWriter, r *http.Request, e *api.Error) {
	noted := r.Context().Value(refusalKey{}).(*refusal)
	noted.status = e.GetStatus()
	if _, path, ok := strings.Cut(r.Pattern, " "); ok {
		noted.route = r.Method + " " + path // HEAD has a line of its own
	}
	respond(w, r, e)
}

// respond sends an error response of the gateway.
func respond(w http.ResponseWriter, r *http.Request, e *api.Error) {
	w.Header().Set("X-Request-Id", api.RequestID(r))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	api.KeepOutOfCaches(w.Header(), r)
	api.AllOrigins.Allow(w.Header(), r) // a refusal tells nothing of anybody, so a page may read it
	api.Write(w, e)
}
