// Package gateway puts the functions of a template behind one address, as API Gateway and nginx do where minifb is deployed.
package gateway

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"minifb/shared/api"
	"minifb/shared/ops/sam"
	"minifb/shared/router"
)

// What a caller may take. Functions have closer limits of their own; these keep a caller from holding the gateway itself.
const (
	headerTimeout = 5 * time.Second
	bodyTimeout   = 10 * time.Second // from the request's arrival
	maxBody       = 256 << 10        // bytes; functions answer 413 from 64 KiB on
	maxHeader     = 32 << 10         // bytes
	// answerTimeout is for a function's answer to begin: its own limit, and the time that a restart may take.
	answerTimeout = 15 * time.Second
	idleTimeout   = 75 * time.Second // of a function's connection: less than functions keep them, so that it is we who close
)

// NewServer makes a server that answers each route of the template by the function that owns it, listening on the unix socket that socket
// names for its area. Paths and queries reach the function as sent, to the byte. What no route matches, and a function that
// cannot be reached, is answered in the contract's shape. errors gets what is worth a line in a log.
func NewServer(t *sam.Template, socket func(area string) string, errors *log.Logger) *http.Server {
	routes := router.New()
	routes.NotFound = func(w http.ResponseWriter, r *http.Request) {
		refuse(w, r, api.NoRoute.With(api.MethodAndPath(r)))
	}
	routes.MethodNotAllowed = func(w http.ResponseWriter, r *http.Request, allow string) {
		refuse(w, r, api.MethodNotAllowed.With(r.Method, allow))
	}
	for _, f := range t.Functions {
		proxy := newProxy(f.Area, socket(f.Area), errors)
		for _, r := range f.Routes {
			routes.Handle(r.String(), proxy)
		}
	}
	return &http.Server{
		Handler: timed(routes), ReadHeaderTimeout: headerTimeout, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: maxHeader, ErrorLog: errors,
		DisableGeneralOptionsHandler: true, // OPTIONS * has no route either
	}
}

func newProxy(area, socket string, errors *log.Logger) http.Handler {
	var dialer net.Dialer
	proxy := &httputil.ReverseProxy{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, "unix", socket)
			},
			DisableCompression:    true, // else Accept-Encoding is added
			MaxIdleConnsPerHost:   512,
			IdleConnTimeout:       idleTimeout,
			ResponseHeaderTimeout: answerTimeout,
		},
		Rewrite:  func(p *httputil.ProxyRequest) { rewrite(area, p) },
		ErrorLog: errors,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			fail(w, r, area, err, errors)
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > maxBody {
			refuse(w, r, api.BodyTooLarge.With())
			return
		}
		proxy.ServeHTTP(w, watchBody(w, r))
	})
}

// rewrite points the request at the function. ReverseProxy would tidy the path and the query up; what the function gets is what came.
func rewrite(area string, p *httputil.ProxyRequest) {
	p.Out.URL.Scheme, p.Out.URL.Host = "http", area
	if path, _, _ := strings.Cut(p.In.RequestURI, "?"); strings.HasPrefix(path, "/") {
		p.Out.URL.Opaque = path
	}
	p.Out.URL.RawQuery = p.In.URL.RawQuery
	p.SetXForwarded() // those that the caller sent are gone already
}

// timed gives each body its time, one of a request that no route takes too: the server reads it all the same, before it answers.
func timed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout)) // fails where there is no connection, in tests alone
		}
		next.ServeHTTP(w, r)
	})
}

// watchBody gives the body its size. When all of it has come the time limit is lifted: it would otherwise end a request that
// the function still works at.
func watchBody(w http.ResponseWriter, r *http.Request) *http.Request {
	if r.Body == nil || r.Body == http.NoBody {
		return r
	}
	b := &body{ReadCloser: http.MaxBytesReader(w, r.Body, maxBody), connection: http.NewResponseController(w)}
	r = r.WithContext(context.WithValue(r.Context(), bodyKey{}, b))
	r.Body = b
	return r
}

type body struct {
	io.ReadCloser
	connection *http.ResponseController
	whole      atomic.Bool // all of it has come
}

// bodyKey finds a request's body in its context: the proxy wraps the one that the request itself has.
type bodyKey struct{}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.whole.Store(true)
		_ = b.connection.SetReadDeadline(time.Time{}) // the connection may be gone; so may then the limit
	} else if err != nil {
		err = bodyError{err}
	}
	return n, err
}

// A bodyError is the caller's failure to send, as against a function's to answer.
type bodyError struct{ error }

func (e bodyError) Unwrap() error { return e.error }

func fail(w http.ResponseWriter, r *http.Request, area string, err error, log *log.Logger) {
	var sending bodyError
	var large *http.MaxBytesError
	// The time limit ends the request's context too, and which of the two errors comes first is chance. A caller that has
	// gone in the middle of its body reads neither answer.
	late := false
	if b, ok := r.Context().Value(bodyKey{}).(*body); ok {
		late = r.Context().Err() != nil && !b.whole.Load()
	}
	switch {
	case errors.As(err, &large):
		refuse(w, r, api.BodyTooLarge.With())
	case errors.As(err, &sending) && !late && !errors.Is(err, os.ErrDeadlineExceeded):
		w.Header().Set("Connection", "close")
		refuse(w, r, api.BrokenBody.With())
	case errors.As(err, &sending) || late:
		w.Header().Set("Connection", "close")
		refuse(w, r, api.SlowBody.With(bodyTimeout.Seconds()))
	case r.Context().Err() != nil: // the caller has gone
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		log.Printf("%s: %s: %v", area, api.MethodAndPath(r), err)
		refuse(w, r, api.Unreachable.With("The function "+area))
	}
}

func refuse(w http.ResponseWriter, r *http.Request, e *api.Error) {
	w.Header().Set("X-Request-Id", api.RequestID(r))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	api.Write(w, e)
}
