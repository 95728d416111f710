package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A backend takes mails.
type backend struct {
	actions                   actions
	mails                     string // the directory
	user, password, mechanism string
	stored                    atomic.Int64
}

// NewSession is called at each EHLO.
func (b *backend) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{backend: b}, nil }

type session struct {
	*backend
	signedIn   bool
	recipients []string
}

var (
	errSignIn = refusal(530, 7, 0, "authentication required")
	errWrong  = refusal(535, 7, 8, "authentication failed")
)

// AuthMechanisms returns the mechanism that is offered, if any.
func (s *session) AuthMechanisms() []string {
	if s.user == "" {
		return nil
	}
	return []string{s.mechanism}
}

// Auth starts an exchange.
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, password string) error {
		if err := s.actions.at("auth", user+" "+password); err != nil {
			return err
		}
		if user != s.user || password != s.password {
			return errWrong
		}
		s.signedIn = true
		return nil
	}
	if mechanism != s.mechanism {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	if mechanism == "LOGIN" {
		return &login{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

// A login is the server's side of AUTH LOGIN.
type login struct {
	check func(user, password string) error
	asked bool // for the user
	user  []byte
}

// Next takes the client's response and returns the next challenge.
func (l *login) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case !l.asked:
		l.asked = true
		return []byte("Username:"), false, nil
	case l.user == nil:
		l.user = response
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(string(l.user), string(response))
}

// Mail begins a mail.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.user != "" && !s.signedIn {
		return errSignIn
	}
	return s.actions.at("mail", from)
}

// Rcpt adds a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.recipients = append(s.recipients, to)
	return s.actions.at("rcpt", to)
}

// Data stores the mail. Its file appears as a whole.
func (s *session) Data(r io.Reader) error {
	start := make([]byte, 64)
	n, err := io.ReadFull(r, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if err := s.actions.at("data", fmt.Sprint(s.recipients)); err != nil {
		return err
	}
	rest, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	name := filepath.Join(s.mails, fmt.Sprintf("%06d.eml", s.stored.Add(1)))
	if err := os.WriteFile(name+".part", bytes.Join([][]byte{start[:n], rest}, nil), 0o600); err != nil {
		return err
	}
	if err := os.Rename(name+".part", name); err != nil {
		return err
	}
	return s.actions.at("end", "")
}

// Reset forgets a mail that has begun.
func (s *session) Reset() { s.recipients = nil }

// Logout has nothing to free.
func (*session) Logout() error { return nil }
