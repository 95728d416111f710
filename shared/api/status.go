package api

import (
	"fmt"
	"net/http"

	"minifb/shared/apperror"
)

// This file decides which status a response has that is not a success. An application error gets it
// by its code; what is refused before or instead of a view is in the list of refusals. The local
// gateway and the rendered nginx.conf take their refusals from the same list.

// codeStatus is the status of each kind of application error.
var codeStatus = map[apperror.Code]int{
	apperror.Invalid:            http.StatusBadRequest,
	apperror.Unauthorized:       http.StatusUnauthorized,
	apperror.BadToken:           http.StatusUnauthorized,
	apperror.Forbidden:          http.StatusForbidden,
	apperror.NotFound:           http.StatusNotFound,
	apperror.Conflict:           http.StatusConflict,
	apperror.PreconditionFailed: http.StatusPreconditionFailed,
	apperror.KeyReused:          http.StatusUnprocessableEntity,
	apperror.TooManyRequests:    http.StatusTooManyRequests,
	apperror.Unavailable:        http.StatusServiceUnavailable,
}

// defaultHeader is what a response with this status says at least.
func defaultHeader(status int) http.Header {
	header := http.Header{}
	switch status {
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", "Bearer")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		header.Set("Retry-After", "1")
	}
	return header
}

// A Refusal is a kind of response that no view has made.
type Refusal struct {
	Status int
	Hint   string // a format for fmt.Sprintf
}

// With returns the response, with args in its hint.
func (r Refusal) With(args ...any) *Error { return newError(r.Status, fmt.Sprintf(r.Hint, args...)) }

// unknownOutcome ends the hint to a write that may have been carried out although it failed.
const unknownOutcome = " It may have been carried out all the same: its outcome is not known. " +
	"If you sent an Idempotency-Key, send the same request again; otherwise look first whether it took effect."

// The refusals, by their status. The comments name the arguments, and who uses a refusal if it is
// not this package.
var (
	MalformedQuery = Refusal{http.StatusBadRequest,
		"The query string is malformed; percent-encode what is not a letter or a digit."}
	// MalformedPath is used on Lambda: elsewhere such a path is a MalformedRequest.
	MalformedPath = Refusal{http.StatusBadRequest,
		"The path is malformed; percent-encode what is not a letter or a digit."}
	// MalformedRequest is nginx's and that of JSONErrors.
	MalformedRequest = Refusal{http.StatusBadRequest,
		"The request cannot be read; check its request line, its headers, and whether it should be HTTPS."}
	BrokenBody = Refusal{http.StatusBadRequest, "The body broke off or is malformed; send it whole."}
	// BodyNotBase64 is used on Lambda.
	BodyNotBase64 = Refusal{http.StatusBadRequest, "The body is not the base64 that the gateway says it is."}
	// InvalidInput: the violations.
	InvalidInput = Refusal{http.StatusBadRequest, "%s"}

	// PermissionDenied: the method and the path as sent.
	PermissionDenied = Refusal{http.StatusForbidden, "You have not permission for '%s'"}

	// NoRoute: the method and the path as sent.
	NoRoute = Refusal{http.StatusNotFound, "There is no route '%s'; check the path, to the letter and its slashes."}

	// MethodNotAllowed: the method, and those that the path has.
	MethodNotAllowed = Refusal{http.StatusMethodNotAllowed, "%s is not allowed here; use one of %s."}

	// SlowBody: the time limit in seconds.
	SlowBody = Refusal{http.StatusRequestTimeout, "The body did not arrive within %g seconds; send it faster."}
	// SlowRequest is nginx's.
	SlowRequest = Refusal{http.StatusRequestTimeout, "The request did not arrive in time; send it again."}

	BodyTooLarge = Refusal{http.StatusRequestEntityTooLarge, "The body is too large; send at most 64 KiB."}

	// LongURI is nginx's.
	LongURI = Refusal{http.StatusRequestURITooLong, "The path and the query are too long; send at most 8 KiB."}

	NotJSON = Refusal{http.StatusUnsupportedMediaType, "Content-Type: must be application/json, and the body JSON"}
	// EncodedBody refuses a compressed body: it would be read as malformed JSON, or has to be
	// limited to MaxBody bytes after it is unpacked.
	EncodedBody = Refusal{http.StatusUnsupportedMediaType, "Content-Encoding: must be identity; send the body as it is"}

	// TooManyRequests is nginx's; a view returns apperror.TooManyRequests.
	TooManyRequests = Refusal{http.StatusTooManyRequests, "Too many requests; try again in a second."}

	// LargeHeaders is nginx's and that of JSONErrors.
	LargeHeaders = Refusal{http.StatusRequestHeaderFieldsTooLarge,
		"The headers are too large; send at most 8 KiB each and 32 KiB in all."}

	// Failed: what failed. Secrets are removed from it.
	Failed = Refusal{http.StatusInternalServerError, "%s"}
	// FailedGeneric replaces Failed if the setting ERROR_HINT is generic.
	FailedGeneric = Refusal{http.StatusInternalServerError,
		"Something failed here; try again, and name the X-Request-Id when you report it."}
	// NotServed is nginx's.
	NotServed = Refusal{http.StatusInternalServerError, "The request could not be served."}

	// NotImplemented is nginx's and that of JSONErrors.
	NotImplemented = Refusal{http.StatusNotImplemented,
		"This server cannot do what the request asks for; check its method and its Transfer-Encoding."}

	Canceled   = Refusal{http.StatusServiceUnavailable, "The request was given up."}
	NoDatabase = Refusal{http.StatusServiceUnavailable, "The database cannot be reached; try again in a moment."}
	// NoWrites is for a write, while reads may go on.
	NoWrites = Refusal{http.StatusServiceUnavailable,
		"The database takes no writes just now. Nothing was stored; try again in a moment."}
	// LostDatabase is for a write.
	LostDatabase = Refusal{http.StatusServiceUnavailable, "The database was lost during the request." + unknownOutcome}
	// NotReady is the response of /readyz: what keeps the function from being ready.
	NotReady = Refusal{http.StatusServiceUnavailable, "%s"}
	// Unreachable is the gateway's and nginx's: "The function post".
	Unreachable = Refusal{http.StatusServiceUnavailable, "%s cannot be reached just now; try again in a second."}
	// LostFunction is the gateway's and nginx's, for a write that was sent: "The function post".
	LostFunction = Refusal{http.StatusServiceUnavailable, "%s was lost during the request." + unknownOutcome}

	TimeLimit = Refusal{http.StatusGatewayTimeout, "The request ran past its time limit; try again, perhaps for less."}
	// LateWrite is for a write.
	LateWrite = Refusal{http.StatusGatewayTimeout, "The request ran past its time limit." + unknownOutcome}

	// HTTPVersion is nginx's and that of JSONErrors.
	HTTPVersion = Refusal{http.StatusHTTPVersionNotSupported, "Use HTTP/1.1 or HTTP/2."}
)
