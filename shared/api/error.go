package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/apperror"
	"minifb/shared/store"
)

// An Error is the body of every answer that is not a success.
type Error struct {
	status int
	header http.Header

	Result string `json:"result" doc:"The status text" example:"Forbidden"`
	Hint   string `json:"hint" doc:"What is wrong, and how to mend it" example:"You have not permission for 'DELETE /post/14'"`
}

func (e *Error) Error() string { return e.Hint }

// GetStatus tells huma the status.
func (e *Error) GetStatus() int { return e.status }

// GetHeaders tells huma the headers that go with it.
func (e *Error) GetHeaders() http.Header { return e.header }

// NewError makes the contract's answer with this status and the headers that it calls for.
func NewError(status int, hint string) *Error {
	hint = strings.ToValidUTF8(hint, "\ufffd")
	if status == http.StatusInternalServerError {
		hint = Redact(hint)
	}
	e := &Error{status: status, Result: http.StatusText(status), Hint: hint, header: http.Header{}}
	switch status {
	case http.StatusUnauthorized:
		e.header.Set("WWW-Authenticate", "Bearer")
	case http.StatusServiceUnavailable:
		e.header.Set("Retry-After", "1")
	}
	return e
}

// NoRoute is the answer to a path that no route has.
func NoRoute(r *http.Request) *Error {
	return NewError(http.StatusNotFound, "There is no route '"+Asked(r)+"'; check the path, to the letter and its slashes.")
}

// NotAllowed is the answer to a method that the path's routes do not have; allow names those they have.
func NotAllowed(r *http.Request, allow string) *Error {
	return NewError(http.StatusMethodNotAllowed, r.Method+" is not allowed here; use one of "+allow+".")
}

// Write answers with an error from outside huma: the router, a panic, a limit.
func Write(w http.ResponseWriter, e *Error) {
	maps.Copy(w.Header(), e.header)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	body, _ := json.Marshal(e) // two strings
	_, _ = w.Write(body)       // the caller may be gone
}

var statuses = map[apperror.Code]int{
	apperror.Invalid:            http.StatusBadRequest,
	apperror.Unauthorized:       http.StatusUnauthorized,
	apperror.BadToken:           http.StatusUnauthorized,
	apperror.Forbidden:          http.StatusForbidden,
	apperror.NotFound:           http.StatusNotFound,
	apperror.Conflict:           http.StatusConflict,
	apperror.PreconditionFailed: http.StatusPreconditionFailed,
	apperror.KeyReused:          http.StatusUnprocessableEntity,
	apperror.Unavailable:        http.StatusServiceUnavailable,
}

// refuse is the one place where an error meets a status. What was not foreseen is noted for the log.
func (a *API) refuse(ctx context.Context, err error) *Error {
	if f, ok := apperror.From(err); ok {
		e := NewError(statuses[f.Code], f.Hint)
		switch f.Code {
		case apperror.BadToken:
			e.header.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		case apperror.Forbidden:
			if f.Hint == "" {
				e.Hint = fmt.Sprintf("You have not permission for '%s'", exchange(ctx).Asked)
			}
		case apperror.Unavailable:
			exchange(ctx).Err = err
		}
		return e
	}
	exchange(ctx).Err = err
	switch {
	// First, as a query that is cut off by its request's end may fail in any way.
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return NewError(http.StatusGatewayTimeout, timeLimit)
	case errors.Is(ctx.Err(), context.Canceled), errors.Is(err, context.Canceled): // nobody is there to read it
		return NewError(http.StatusServiceUnavailable, "The request was given up.")
	case store.IsOutage(err):
		return NewError(http.StatusServiceUnavailable, "The database cannot be reached; try again in a moment.")
	case errors.Is(err, context.DeadlineExceeded): // a narrower limit than the request's
		return NewError(http.StatusGatewayTimeout, timeLimit)
	case a.genericHint:
		return NewError(http.StatusInternalServerError, GenericHint)
	}
	return NewError(http.StatusInternalServerError, err.Error())
}

// What an unforeseen error's text might hold of what nobody may see: a URL's credentials, a setting, a token.
var (
	secretURL     = regexp.MustCompile(`\b([A-Za-z][A-Za-z0-9+.-]*://)\S+`)
	secretSetting = regexp.MustCompile(`(?i)\b(\w*(?:password|passwd|secret|token)\w*(?:\s*=\s*|:|":\s*))\S+`)
	secretToken   = regexp.MustCompile(`\beyJ[\w-]+\.[\w-]+\.[\w-]*`)
)

// Redact takes out of an error's text what nobody may see, in an answer or in a log.
func Redact(hint string) string {
	hint = secretURL.ReplaceAllString(hint, "$1…")
	hint = secretSetting.ReplaceAllString(hint, "$1…")
	return secretToken.ReplaceAllString(hint, "…")
}

const timeLimit = "The request ran past its time limit; try again, perhaps for less."

// GenericHint is a 500's hint where its cause is to stay hidden (ERROR_HINT=generic).
const GenericHint = "Something failed here; try again, and name the X-Request-Id when you report it."

func init() {
	// The contract tells a wrongly cased key from a right one.
	huma.ValidateStrictCasing = true
	// huma words its formats' rules with the parser's error, and that one quotes the value.
	huma.ErrorFormatter = func(format string, args ...any) string {
		if len(args) == 1 {
			if _, ok := args[0].(error); ok {
				return strings.TrimSuffix(format, ": %v")
			}
		}
		return fmt.Sprintf(format, args...)
	}
	// huma calls this for what it refuses itself. Its details name the place and the rule; the value is never passed on.
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		if status == http.StatusUnprocessableEntity {
			status = http.StatusBadRequest
		}
		var hints []string
		for _, err := range errs {
			if d, ok := errors.AsType[*huma.ErrorDetail](err); ok {
				hints = append(hints, place(d.Location)+": "+d.Message)
			}
		}
		if more := len(hints) - maxFaults; more > 0 {
			hints = append(hints[:maxFaults], fmt.Sprintf("and %d more", more))
		}
		if len(hints) > 0 {
			message = strings.Join(hints, "; ")
		}
		return NewError(status, message)
	}
}

// place is where in the request a fault is, as its sender calls it: body.content is content.
func place(location string) string {
	_, name, nested := strings.Cut(location, ".")
	if !nested {
		return location
	}
	return name
}
