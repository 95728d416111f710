package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

const (
	// MaxBody is the longest body that is taken, in bytes.
	MaxBody = 64 << 10
	// bodyTimeout is how long a body may take to arrive once its headers have.
	bodyTimeout = 10 * time.Second
)

// checkBody reads a route's body whole and refuses what is no JSON by its own word, before huma decodes it.
func (a *API) checkBody(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
		huma.WriteErr(a, ctx, http.StatusBadRequest, "The query string is malformed; percent-encode what is not a letter or a digit.")
		return
	}
	if ctx.Operation().RequestBody == nil {
		next(ctx)
		return
	}
	body, err := readBody(w, r)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		ctx.SetHeader("Connection", "close")
		huma.WriteErr(a, ctx, http.StatusRequestTimeout, fmt.Sprintf("The body did not arrive within %d seconds; send it faster.", bodyTimeout/time.Second))
		return
	case err != nil:
		ctx.SetHeader("Connection", "close")
		huma.WriteErr(a, ctx, http.StatusBadRequest, "The body broke off; send it whole.")
		return
	case len(body) > MaxBody:
		huma.WriteErr(a, ctx, http.StatusRequestEntityTooLarge, fmt.Sprintf("The body is longer than %d bytes; send less.", MaxBody))
		return
	}
	if media, _, err := mime.ParseMediaType(ctx.Header("Content-Type")); len(body) > 0 && (err != nil || media != "application/json") {
		huma.WriteErr(a, ctx, http.StatusUnsupportedMediaType, "Content-Type: must be application/json, and the body JSON")
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if ctx.Header("Idempotency-Key") != "" {
		ctx = withBodyHash(ctx, body)
	}
	next(ctx)
}

// readBody reads at most one byte more than MaxBody.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > MaxBody {
		return make([]byte, MaxBody+1), nil
	}
	if r.Body == nil {
		return nil, nil
	}
	// Lambda has no connection to time; there the whole body is in the event.
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(bodyTimeout))
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err == nil {
		_ = connection.SetReadDeadline(time.Time{})
	}
	return body, err
}
