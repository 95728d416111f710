package api

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"minifb/shared/apperror"
	"minifb/shared/store"
)

// An Error is a response that is not a success. Its exported fields are the JSON body.
type Error struct {
	status int
	header http.Header

	Result string `json:"result" doc:"The status text" example:"Bad Request"`
	Hint   string `json:"hint" doc:"What is wrong, and how to correct it" example:"content: 1 to 3000 characters"`
}

// Error returns the hint.
func (e *Error) Error() string { return e.Hint }

// GetStatus returns the status. It makes an Error a huma.StatusError.
func (e *Error) GetStatus() int { return e.status }

// GetHeaders returns the headers that the response has because of the error. It makes an Error a
// huma.HeadersError.
func (e *Error) GetHeaders() http.Header { return e.header }

// newError returns the response with this status. Secrets are removed from the hint of a 500, which
// may be any error's text.
func newError(status int, hint string) *Error {
	hint = strings.ToValidUTF8(hint, "\ufffd")
	if status == http.StatusInternalServerError {
		hint = Redact(hint)
	}
	return &Error{status: status, Result: http.StatusText(status), Hint: hint, header: defaultHeader(status)}
}

// Write sends e.
func Write(w http.ResponseWriter, e *Error) {
	maps.Copy(w.Header(), e.header)
	w.Header().Set("Content-Type", mediaJSON)
	w.WriteHeader(e.status)
	_ = json.MarshalWrite(w, e) // fails only if the client has gone
}

// refuse returns the response to a request that failed with err. An error that was not foreseen
// goes to the request's log line, and so does an Unavailable one.
func (a *API) refuse(ctx context.Context, err error) *Error {
	if e, ok := apperror.From(err); ok {
		return refuseApplication(ctx, err, e)
	}
	Note(ctx, err)
	switch {
	// These two come first: the end of a request may make its queries fail in any way.
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return timeLimit(ctx)
	case errors.Is(ctx.Err(), context.Canceled), errors.Is(err, context.Canceled): // the client has gone
		return Canceled.With()
	case store.IsOutage(err):
		return outage(ctx, err)
	case errors.Is(err, context.DeadlineExceeded): // of a limit within the request's
		return timeLimit(ctx)
	case a.genericHint:
		return FailedGeneric.With()
	}
	return Failed.With(err)
}

// outage returns the response to a request that failed with an outage. To a write it says whether
// it may have been stored.
func outage(ctx context.Context, err error) *Error {
	if !exchange(ctx).writes() {
		return NoDatabase.With()
	}
	switch store.OutageOf(err) {
	case store.NoWrites:
		return NoWrites.With()
	case store.Lost:
		return LostDatabase.With()
	}
	return NoDatabase.With()
}

func timeLimit(ctx context.Context) *Error {
	if exchange(ctx).writes() {
		return LateWrite.With()
	}
	return TimeLimit.With()
}

// refuseApplication returns the response to e, the application error in err's chain.
func refuseApplication(ctx context.Context, err error, e *apperror.Error) *Error {
	response := newError(codeStatus[e.Code], e.Hint)
	switch e.Code {
	case apperror.BadToken:
		response.header.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	case apperror.Forbidden:
		if e.Hint == "" {
			return PermissionDenied.With(exchange(ctx).MethodAndPath)
		}
	case apperror.Unavailable:
		Note(ctx, err)
	}
	if e.RetryAfter > 0 && response.header.Get("Retry-After") != "" {
		seconds := (e.RetryAfter + time.Second - 1) / time.Second
		response.header.Set("Retry-After", strconv.Itoa(int(seconds)))
	}
	return response
}
