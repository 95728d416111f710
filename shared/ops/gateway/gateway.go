// Package gateway serves the functions of a template at one address, as nginx and API Gateway do
// where minifb is deployed.
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
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"minifb/shared/api"
	"minifb/shared/ops/sam"
	"minifb/shared/router"
)

// Limits for clients. The functions have lower ones; these protect the gateway itself.
const (
	headerTimeout = 5 * time.Second
	bodyTimeout   = 10 * time.Second // from the request's arrival
	maxBody       = 256 << 10        // bytes; functions return 413 above 64 KiB
	maxHeader     = 32 << 10         // bytes
	// responseTimeout is how long a function may take to begin its response: its own limit, and the
	// time of a restart.
	responseTimeout = 15 * time.Second
	// readTimeout is how long a client may take to read a response. Without it, a client that never
	// reads would hold its connection and the function's for ever.
	readTimeout = 30 * time.Second
	// idleTimeout is shorter than the functions' own, so that it is the gateway that closes an idle
	// connection, and no request is sent on one that a function is closing.
	idleTimeout = 75 * time.Second
)

// NewServer returns a server that passes each request to the function that has its route. socket
// returns the path of the unix socket on which the function of an area listens. Paths and queries
// reach the function byte for byte. A request without a route, and one whose function cannot be
// reached, gets an error response of the API's own form, and is listed in refused. Unexpected errors
// are written to errors.
func NewServer(
	t *sam.Template, socket func(area string) string, errors *log.Logger, refused *RefusedLog,
) *http.Server {
	routes := router.New()
	routes.NotFound = func(w http.ResponseWriter, r *http.Request) {
		refuse(w, r, api.NoRoute.With(api.MethodAndPath(r)))
	}
	routes.MethodNotAllowed = func(w http.ResponseWriter, r *http.Request, allow string) {
		// OPTIONS has a route here, but not in the template.
		methods := strings.Split(allow, ", ")
		allow = strings.Join(slices.DeleteFunc(methods, func(m string) bool { return m == http.MethodOptions }), ", ")
		w.Header().Set("Allow", allow)
		refuse(w, r, api.MethodNotAllowed.With(r.Method, allow))
	}
	for _, f := range t.Functions {
		proxy := newProxy(f.Area, socket(f.Area), errors)
		paths := map[string]bool{}
		for _, r := range f.Routes {
			routes.Handle(r.String(), proxy)
			if !paths[r.Path] { // the function responds to preflights
				routes.Handle("OPTIONS "+r.Path, proxy)
			}
			paths[r.Path] = true
		}
	}
	return &http.Server{
		Handler: refused.list(limitTime(routes)), ReadHeaderTimeout: headerTimeout, IdleTimeout: 2 * time.Minute,
		WriteTimeout:   bodyTimeout + responseTimeout + readTimeout, // it begins at the end of the headers
		MaxHeaderBytes: maxHeader, ErrorLog: errors,
		DisableGeneralOptionsHandler: true, // OPTIONS * has no route
	}
}

func newProxy(area, socket string, errors *log.Logger) http.Handler {
	var dialer net.Dialer
	proxy := &httputil.ReverseProxy{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, "unix", socket)
			},
			DisableCompression:    true, // otherwise Accept-Encoding is added
			MaxIdleConnsPerHost:   512,
			IdleConnTimeout:       idleTimeout,
			ResponseHeaderTimeout: responseTimeout,
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

// rewrite directs the request to the function, with the path and the query as the client sent them.
// ReverseProxy would clean them.
func rewrite(area string, p *httputil.ProxyRequest) {
	p.Out.URL.Scheme, p.Out.URL.Host = "http", area
	if path, _, _ := strings.Cut(p.In.RequestURI, "?"); strings.HasPrefix(path, "/") {
		p.Out.URL.Opaque = path
	}
	p.Out.URL.RawQuery = p.In.URL.RawQuery
	p.SetXForwarded() // ReverseProxy has removed those that the client sent
}

// limitTime limits how long a request's body may take to arrive. That includes requests without a
// route, whose body the server reads before it responds.
func limitTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			deadline := time.Now().Add(bodyTimeout)
			_ = http.NewResponseController(w).SetReadDeadline(deadline) // fails only without a connection, in tests
		}
		next.ServeHTTP(w, r)
	})
}

// watchBody limits the size of the body. When the body has arrived, it removes the time limit,
// which would otherwise end a request that the function still processes.
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
	complete   atomic.Bool // all of it has arrived
}

// bodyKey is the context key of a request's *body. The proxy wraps the request's own Body.
type bodyKey struct{}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.complete.Store(true)
		_ = b.connection.SetReadDeadline(time.Time{}) // fails if the connection is closed, which needs no limit
	} else if err != nil {
		err = bodyError{err}
	}
	return n, err
}

// A bodyError is a failure to read the client's body, as opposed to one of the function.
type bodyError struct{ error }

func (e bodyError) Unwrap() error { return e.error }

func fail(w http.ResponseWriter, r *http.Request, area string, err error, log *log.Logger) {
	var sending bodyError
	var large *http.MaxBytesError
	// The time limit also cancels the request's context, and either error may come first. A client
	// that disconnects while it sends the body gets the same response, which it does not read.
	late := false
	if b, ok := r.Context().Value(bodyKey{}).(*body); ok {
		late = r.Context().Err() != nil && !b.complete.Load()
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
	case r.Context().Err() != nil: // the client has disconnected
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		log.Printf("%s: %s: %v", area, api.MethodAndPath(r), err)
		refusal := api.LostFunction
		dial, ok := errors.AsType[*net.OpError](err)
		if !api.Writes(r.Method) || ok && dial.Op == "dial" { // nothing was sent
			refusal = api.Unreachable
		}
		send := refuse
		if late, isNet := errors.AsType[net.Error](err); isNet && !ok && late.Timeout() {
			send = respond // the function has the request, and counts it when it goes on
		}
		send(w, r, refusal.With("The function "+area))
	}
}
