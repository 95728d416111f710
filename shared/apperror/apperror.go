// Package fault is the failures that a caller may see.
package apperror

import (
	"errors"
	"fmt"
)

// A Code says what kind of failure it is. Package api gives each its status.
type Code int

// The kinds of failure. The comment names the status that the contract gives each.
const (
	Invalid            Code = iota + 1 // 400: a field breaks its rule
	Unauthorized                       // 401: wrong credentials, or none
	BadToken                           // 401: a token that is no longer, or never was, good
	Forbidden                          // 403; an empty hint becomes the contract's sentence
	NotFound                           // 404
	Conflict                           // 409
	PreconditionFailed                 // 412: If-Match does not match
	KeyReused                          // 422: an Idempotency-Key used again with another body
	Unavailable                        // 503: overloaded, or a part is out of reach; try again
)

// A Fault is an error whose Hint may be shown to the caller. Its Cause, if any, is for the log alone.
type Error struct {
	Code  Code
	Hint  string
	Cause error
}

func (f *Error) Error() string {
	if f.Cause != nil {
		return f.Hint + ": " + f.Cause.Error()
	}
	return f.Hint
}

func (f *Error) Unwrap() error { return f.Cause }

// New makes a fault that nothing lower down caused.
func New(code Code, hint string, args ...any) error {
	return &Error{Code: code, Hint: fmt.Sprintf(hint, args...)}
}

// Wrap makes a fault of a cause that the caller must not see.
func Wrap(code Code, cause error, hint string, args ...any) error {
	return &Error{Code: code, Hint: fmt.Sprintf(hint, args...), Cause: cause}
}

// From finds the fault in err's chain. Without one, err was not foreseen.
func From(err error) (*Error, bool) {
	var f *Error
	return f, errors.As(err, &f)
}
