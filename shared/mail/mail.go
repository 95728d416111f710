// Package mail writes the project's mails and sends them by SMTP, or keeps them as files where no
// SMTP server is set.
package mail

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"time"

	gomail "github.com/wneessen/go-mail"
)

const (
	connectTimeout = 10 * time.Second // for the connection, and for TLS where it comes first
	sendTimeout    = 30 * time.Second // for a whole mail
)

// ErrNotConfigured is returned by Send when neither a server nor a directory is set.
var ErrNotConfigured = errors.New("mail is not configured: set SMTP_URL or MAIL_DIR")

// A Sender sends mails. It may be used by several goroutines at once; each mail has its own
// connection.
type Sender struct {
	server  *server // nil where mails become files, or are not configured
	dir     string
	from    mail.Address
	timeout time.Duration
}

// New returns a Sender with these settings, and makes their directory where mails become files. Its
// errors are those of Settings.Validate, and those of making the directory.
func New(settings Settings) (*Sender, error) {
	s := &Sender{from: mail.Address{Name: "minifb", Address: "minifb@localhost"}, timeout: sendTimeout}
	switch {
	case settings.SMTPURL != "":
		server, err := parseURL(settings.SMTPURL)
		if err != nil {
			return nil, err
		}
		s.server, s.from = &server, server.from
	case settings.Dir != "":
		if err := os.MkdirAll(settings.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("MAIL_DIR: %w", err)
		}
		s.dir = settings.Dir
	}
	return s, nil
}

// Configured reports whether mails can be sent at all.
func (s *Sender) Configured() bool { return s.server != nil || s.dir != "" }

// Send delivers a message to the SMTP server or to the directory. It returns nil once the server
// has accepted the mail, or once its file is on the disk. It takes 30 seconds at most, and less if
// ctx ends earlier. Any other error than ErrNotConfigured is an *Error.
func (s *Sender) Send(ctx context.Context, m Message) error {
	if !s.Configured() {
		return ErrNotConfigured
	}
	to, err := parseAddress(m.to)
	if err != nil {
		return &Error{Permanent: true, text: m.String() + ": " + err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	composed := s.compose(m, to, time.Now())
	if s.server == nil {
		err = store(ctx, s.dir, composed, m.id)
	} else {
		err = s.server.deliver(ctx, composed, to)
	}
	if failed, ok := errors.AsType[*Error](err); ok {
		failed.text = m.String() + ": " + failed.text
	}
	return err
}

// compose returns the mail with all its headers. Nothing that a user chose is in a header, save the
// checked address.
func (s *Sender) compose(m Message, to address, now time.Time) *gomail.Msg {
	c := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	c.FromMailAddress(&s.from)
	c.ToMailAddress(&mail.Address{Address: to.mailbox})
	c.SetDateWithValue(now)
	c.SetMessageIDWithValue(m.id + "@" + domain(s.from.Address))
	c.SetGenHeader("Auto-Submitted", "auto-generated")
	c.SetGenHeader(gomail.HeaderContentLang, "ko, en")
	c.Subject(m.subject)
	c.SetBodyString(gomail.TypeTextPlain, m.body)
	return c
}
