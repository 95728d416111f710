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
	// mediaJSON is the one type of body there is.
	mediaJSON = "application/json"
)

// limitBody gives a body its time, also one that nobody reads: the server then does, to get at the next request.
// Lambda has no connection to time; there the whole body is in the event.
func (a *API) limitBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(a.bodyTimeout))
	}
}

// checkBody reads a route's body whole and refuses what is no JSON, or has no place in the schema, before huma decodes it.
func (a *API) checkBody(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
		huma.WriteErr(a, ctx, http.StatusBadRequest, "The query string is malformed; percent-encode what is not a letter or a digit.")
		return
	}
	description := ctx.Operation().RequestBody
	if description == nil {
		next(ctx)
		return
	}
	body, refusal := a.readBody(w, r)
	if refusal != nil {
		if refusal.status != http.StatusUnsupportedMediaType {
			ctx.SetHeader("Connection", "close") // the rest of the body may still be under way
		}
		huma.WriteErr(a, ctx, refusal.status, refusal.Hint)
		return
	}
	if len(body) > 0 {
		if faults := checkJSON(body, description.Content[mediaJSON].Schema, a.OpenAPI().Components.Schemas); len(faults) > 0 {
			huma.WriteErr(a, ctx, http.StatusBadRequest, "", faults...)
			return
		}
	}
	r.Header.Set("Content-Type", mediaJSON) // huma reads it less well: it knows no parameters
	r.Body = io.NopCloser(bytes.NewReader(body))
	if ctx.Header("Idempotency-Key") != "" {
		ctx = withBodyHash(ctx, body)
	}
	next(ctx)
}

// readBody answers the whole body, or what is wrong with its type, its length or its way here.
func (a *API) readBody(w http.ResponseWriter, r *http.Request) ([]byte, *Error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	wrong := err != nil || media != mediaJSON
	var body []byte
	if r.Body != nil && r.ContentLength <= MaxBody {
		body, err = io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, NewError(http.StatusRequestTimeout, fmt.Sprintf("The body did not arrive within %s; send it faster.", a.bodyTimeout))
		case err != nil:
			return nil, NewError(http.StatusBadRequest, "The body broke off; send it whole.")
		}
	}
	switch {
	case wrong && max(int64(len(body)), r.ContentLength) > 0:
		return nil, NewError(http.StatusUnsupportedMediaType, "Content-Type: must be application/json, and the body JSON")
	case max(int64(len(body)), r.ContentLength) > MaxBody:
		return nil, NewError(http.StatusRequestEntityTooLarge, fmt.Sprintf("The body is longer than %d bytes; send less.", MaxBody))
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // else it would cut off the view
	return body, nil
}
