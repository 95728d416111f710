package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"regexp"
	"strings"
)

// An Exchange is what is known of a request and its answer beside the two themselves. Package function makes one
// for each request and logs it at the end.
type Exchange struct {
	RequestID string // 1–128 of A-Z a-z 0-9 . _ : + / = -
	Asked     string // "DELETE /post/14": the method and the path as sent, without its query
	Err       error  // why the status is 500 or above, or what Note was told; for the log alone
}

type exchangeKey struct{}

// WithExchange puts e where the views' errors find it.
func WithExchange(ctx context.Context, e *Exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, e)
}

// Note keeps for the request's log line a failure that is none to its caller.
func Note(ctx context.Context, err error) { exchange(ctx).Err = err }

func exchange(ctx context.Context) *Exchange {
	if e, ok := ctx.Value(exchangeKey{}).(*Exchange); ok {
		return e
	}
	return &Exchange{}
}

// Asked is a request's method and path as sent, without its query.
func Asked(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if !strings.HasPrefix(path, "/") { // a proxy's form, with a host, or a request that came over no wire
		path = r.URL.EscapedPath()
	}
	return r.Method + " " + path
}

var sane = regexp.MustCompile(`^[A-Za-z0-9._:+/=-]{1,128}$`)

// RequestID is the caller's own id for the request, where it is a sane one, or a new one.
func RequestID(r *http.Request) string {
	if sent := r.Header.Get("X-Request-Id"); sane.MatchString(sent) {
		return sent
	}
	return rand.Text()
}
