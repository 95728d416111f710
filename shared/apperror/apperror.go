// Package apperror defines application errors: the failures that a client may see. Package api
// turns them into responses.
package apperror

import (
	"errors"
	"fmt"
	"time"
)

// A Code says what kind of error it is. Package api gives each kind its HTTP status.
type Code int

// The kinds of error, each with the status that package api gives it.
const (
	Invalid            Code = iota + 1 // 400: a field breaks its rule
	Unauthorized                       // 401: no credentials, or wrong ones
	BadToken                           // 401: an access token that is not valid, or no longer
	Forbidden                          // 403; if the hint is empty, it becomes the contract's sentence
	NotFound                           // 404
	Conflict                           // 409
	PreconditionFailed                 // 412: If-Match does not match
	KeyReused                          // 422: an Idempotency-Key was sent again with another body
	TooManyRequests                    // 429: the client has to wait
	Unavailable                        // 503: the function is overloaded, or the database cannot be reached; try again
)

// An Error is an application error.
type Error struct {
	Code Code
	// Hint tells the client what is wrong and how to correct it.
	Hint string
	// Cause is the error that led to this one, if any. Only the log gets it.
	Cause error
	// RetryAfter is how long the client should wait before it tries again, where the status has a
	// Retry-After header (429 and 503). It is rounded up to whole seconds; 0 means one second.
	RetryAfter time.Duration
}

// Error returns the hint, and the cause if there is one.
func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Hint + ": " + e.Cause.Error()
	}
	return e.Hint
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// New returns an application error without a cause. The hint is a format for fmt.Sprintf.
func New(code Code, hint string, args ...any) error {
	return &Error{Code: code, Hint: fmt.Sprintf(hint, args...)}
}

// Wrap returns an application error with a cause that the client must not see.
func Wrap(code Code, cause error, hint string, args ...any) error {
	return &Error{Code: code, Hint: fmt.Sprintf(hint, args...), Cause: cause}
}

// From returns the first application error in err's chain. If there is none, err was not foreseen.
func From(err error) (*Error, bool) {
	var e *Error
	return e, errors.As(err, &e)
}
