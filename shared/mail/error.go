package mail

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// An Error says why a mail was not sent. Its text is fit for a log: it has no password and no
// address, only the recipient's domain, and of the server's replies only their codes, because their
// text may quote what the server was sent.
type Error struct {
	// Permanent is true where sending the mail again is useless: the server refused its recipient
	// or its content with a 5xx reply, or the address cannot be used. Every other failure is
	// temporary, a refused sign-in or sender included: the operator can repair those.
	Permanent bool
	// MaybeDelivered is true where the whole mail was sent and the reply did not come. If it is
	// sent again, its recipient may get it twice, with the same Message-ID.
	MaybeDelivered bool

	text  string
	cause error
}

func (e *Error) Error() string { return e.text }

// Unwrap returns the context's error where the context ended the attempt.
func (e *Error) Unwrap() error { return e.cause }

// failure returns the Error for what go-mail returned during step. Hidden is what its text may not
// contain.
func failure(ctx context.Context, step string, err error, hidden ...string) *Error {
	f := &Error{}
	var sending *gomail.SendError
	var reply *textproto.Error
	detail, code := err.Error(), 0
	switch {
	case errors.As(err, &sending):
		code, step = sending.ErrorCode(), sending.Reason.String()
		f.Permanent = slices.Contains(refusals, sending.Reason) && code >= 500
		f.MaybeDelivered = sending.Reason == gomail.ErrSMTPDataClose && code == 0
		detail = "the connection broke"
		if code != 0 {
			detail = replied(code, sending.EnhancedStatusCode())
		}
	case errors.As(err, &reply):
		code = reply.Code
		detail = replied(code, enhanced.FindString(reply.Msg))
	}
	if code == 0 && ctx.Err() != nil { // the end of ctx closed the connection
		f.cause = ctx.Err()
		detail = f.cause.Error()
	}
	for _, h := range hidden {
		if h != "" {
			detail = strings.ReplaceAll(detail, h, "…")
		}
	}
	f.text = step + ": " + detail
	return f
}

// refusals are the steps at which a 5xx reply is about this mail, and not about the sender's settings.
var refusals = []gomail.SendErrReason{gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose}

func replied(code int, enhanced string) string {
	return strings.TrimSpace(fmt.Sprintf("the server replied %d %s", code, enhanced))
}

// enhanced matches the enhanced status code that a reply begins with (RFC 2034).
var enhanced = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)
