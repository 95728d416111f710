package mail

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// An Error says why a mail was not sent. Its text is fit for a log: it has no password and no address, only the recipient's
// domain, and of the server's replies only their codes, because their text may quote what the server was sent.
type Error struct {
	// Permanent is true where sending the mail again is useless: the server refused its recipient or its content with a 5xx
	// reply, or the address cannot be used. Every other failure is temporary, a refused sign-in or sender included: the
	// operator can repair those.
	Permanent bool
	// MaybeDelivered is true where the whole mail was sent and the reply did not come. If it is sent again, its recipient
	// may get it twice, with the same Message-ID.
	MaybeDelivered bool

	text  string
	cause error
}

func (e *Error) Error() string { return e.text }

// Unwrap returns the context's error where the context ended the attempt.
func (e *Error) Unwrap() error { return e.cause }

// failure returns the Error for what go-mail returned during step. Hidden is what its text may not contain.
func failure(ctx context.Context, step string, err error, hidden ...string) *Error {
	f := &Error{cause: ctx.Err()}
	var sending *gomail.SendError
	var reply *textproto.Error
	detail := err.Error()
	switch {
	case errors.As(err, &sending):
		code := sending.ErrorCode()
		step = sending.Reason.String()
		refusable := sending.Reason == gomail.ErrSMTPRcptTo || sending.Reason == gomail.ErrSMTPData || sending.Reason == gomail.ErrSMTPDataClose
		f.Permanent = refusable && code >= 500
		f.MaybeDelivered = sending.Reason == gomail.ErrSMTPDataClose && code == 0
		detail = "the connection broke"
		if code != 0 {
			detail = strings.TrimSpace(fmt.Sprintf("the server replied %d %s", code, sending.EnhancedStatusCode()))
		}
	case errors.As(err, &reply):
		detail = strings.TrimSpace(fmt.Sprintf("the server replied %d %s", reply.Code, enhanced.FindString(reply.Msg)))
	}
	if f.cause != nil {
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

// enhanced matches the enhanced status code that a reply begins with (RFC 2034).
var enhanced = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)
