package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

const (
	// MaxBody is the length of the longest body that is accepted, in bytes. The hint of
	// BodyTooLarge names it.
	MaxBody = 64 << 10
	// bodyTimeout is how long a body may take to arrive after its headers.
	bodyTimeout = 10 * time.Second
	// mediaJSON is the media type of every request body, and of every response that is not a
	// document.
	mediaJSON = "application/json"
)

// limitBody sets the deadline for the request's body. It is set for a body that no view reads, too:
// the server reads it before the connection's next request. On Lambda there is no connection; the
// event holds the whole body.
func (a *API) limitBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(a.bodyTimeout))
	}
}

// checkBody refuses a malformed query. Then it reads the body of a route that has one, and refuses
// it if it is not JSON or holds what the schema does not. huma decodes it later, and is less
// strict.
func (a *API) checkBody(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
		Write(w, MalformedQuery.With())
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
			w.Header().Set("Connection", "close") // the rest of the body may still be under way
		}
		Write(w, refusal)
		return
	}
	if len(body) > 0 {
		violations := checkJSON(body, description.Content[mediaJSON].Schema, a.OpenAPI().Components.Schemas)
		if len(violations) > 0 {
			Write(w, InvalidInput.With(violationsHint(violations)))
			return
		}
	}
	// huma does not know the parameters of a media type.
	r.Header.Set("Content-Type", mediaJSON)
	// huma reads the body, and IdempotencyKey reads it again.
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	r.Body, _ = r.GetBody()
	next(ctx)
}

// isEncoded reports whether a Content-Encoding names anything but identity. The header is a list,
// in any case.
func isEncoded(header http.Header) bool {
	for _, value := range header["Content-Encoding"] {
		for coding := range strings.SplitSeq(value, ",") {
			if coding = strings.TrimSpace(coding); coding != "" && !strings.EqualFold(coding, "identity") {
				return true
			}
		}
	}
	return false
}

// readBody returns the whole body, or the refusal of one that did not arrive, is too long, is not
// called JSON, or is compressed.
func (a *API) readBody(w http.ResponseWriter, r *http.Request) ([]byte, *Error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	isJSON := err == nil && media == mediaJSON
	var body []byte
	if r.Body != nil && r.ContentLength <= MaxBody {
		body, err = io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, SlowBody.With(a.bodyTimeout.Seconds())
		case err != nil:
			return nil, BrokenBody.With()
		}
	}
	length := max(int64(len(body)), r.ContentLength)
	switch {
	case !isJSON && length > 0:
		return nil, NotJSON.With()
	case isEncoded(r.Header) && length > 0:
		return nil, EncodedBody.With()
	case length > MaxBody:
		return nil, BodyTooLarge.With()
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // it would cancel the view's context
	return body, nil
}
