package mail_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"minifb/shared/mail"
)

func TestMailIsDelivered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scheme, user string
		flags        []string
		inTranscript string
	}{
		"STARTTLS and AUTH PLAIN": {"smtp", user, []string{"-starttls", "-user", user}, "AUTH PLAIN "},
		"STARTTLS and AUTH LOGIN": {"smtp", user, []string{"-starttls", "-user", user, "-mechanism", "LOGIN"}, "AUTH LOGIN"},
		"TLS at once and AUTH":    {"smtps", user, []string{"-smtps", "-user", user}, "AUTH PLAIN "},
		"TLS at once":             {"smtps", "", []string{"-smtps"}, "EHLO example.com"},
		"STARTTLS where offered":  {"smtp", "", []string{"-starttls"}, "STARTTLS\r\n"},
		"AUTH on loopback":        {"smtp", user, []string{"-user", user, "-clear-auth"}, "AUTH PLAIN "},
		"clear text on loopback":  {"smtp", "", nil, "EHLO example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, c.flags...)
			var parameters []string
			if len(c.flags) > 0 && c.flags[0] != "-user" {
				parameters = []string{"ca", server.CA()}
			}
			s := sender(t, smtpURL(c.scheme, c.user, server.Address, parameters...))
			if !s.Configured() {
				t.Error("it is not configured")
			}
			if err := s.Send(t.Context(), message); err != nil {
				t.Fatal(err)
			}
			mails := stored(t, server)
			if len(mails) != 1 {
				t.Fatalf("%d mails are stored", len(mails))
			}
			header, gotSubject, gotBody := parse(t, mails[0])
			if gotSubject != subject || gotBody != body {
				t.Errorf("the mail is:\n%s\n%s", gotSubject, gotBody)
			}
			if from := header.Get("From"); from != `"minifb" <minifb@example.com>` {
				t.Errorf("From: %s", from)
			}
			text := transcript(t, server)
			for _, want := range []string{c.inTranscript, "MAIL FROM:<minifb@example.com>", "RCPT TO:<ann@example.org>\r\n", "QUIT\r\n"} {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in the transcript:\n%s", want, text)
				}
			}
		})
	}
}

func TestServerThatIsNotTrustedGetsNothing(t *testing.T) {
	t.Parallel()
	other := start(t, "-starttls")
	for name, c := range map[string]struct {
		scheme, address string // where it is not the server's own
		flags           []string
		parameters      []string
		want            string
	}{
		"unknown authority":               {"smtp", "", []string{"-starttls", "-user", user}, nil, "unknown authority"},
		"unknown authority, TLS at once":  {"smtps", "", []string{"-smtps", "-user", user}, nil, "unknown authority"},
		"another authority":               {"smtp", "", []string{"-starttls", "-user", user}, []string{"ca", other.CA()}, "unknown authority"},
		"no STARTTLS though required":     {"smtp", "", []string{"-user", user, "-clear-auth"}, []string{"tls", "required"}, "does not support STARTTLS"},
		"no STARTTLS on a name elsewhere": {"smtp", "[::ffff:127.0.0.1]", []string{"-user", user, "-clear-auth"}, nil, "does not support STARTTLS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, c.flags...)
			address := server.Address
			if c.address != "" {
				address = c.address + strings.TrimPrefix(address, "127.0.0.1")
			}
			err := sender(t, smtpURL(c.scheme, user, address, c.parameters...)).Send(t.Context(), message)
			failed(t, err, false, false, c.want)
			text := transcript(t, server)
			if strings.Contains(text, "\nAUTH") || strings.Contains(text, "MAIL FROM") {
				t.Errorf("the transcript is:\n%s", text)
			}
		})
	}
}

// failed checks an error of Send and what its text must and must not contain.
func failed(t *testing.T, err error, permanent, maybeDelivered bool, want string) {
	t.Helper()
	f, ok := errors.AsType[*mail.Error](err)
	if !ok {
		t.Fatalf("the error is %v", err)
	}
	if f.Permanent != permanent || f.MaybeDelivered != maybeDelivered || !strings.Contains(err.Error(), want) {
		t.Errorf("permanent: %t, may be delivered: %t, %q; want %t, %t, %q",
			f.Permanent, f.MaybeDelivered, err, permanent, maybeDelivered, want)
	}
	if !strings.HasPrefix(err.Error(), message.String()+": ") {
		t.Errorf("the error does not begin with the message: %q", err)
	}
	for _, not := range []string{secret, temporary, "ann@", "\n", "ann "} {
		if strings.Contains(err.Error(), not) {
			t.Errorf("the error has %q: %q", not, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for at, c := range map[string]struct {
		permanent bool
		want      string
	}{
		"greeting=421": {false, "the server replied 421"},
		"greeting=554": {false, "the server replied 554"},
		"auth=454":     {false, "the server replied 454 4.1.1"},
		"auth=535":     {false, "the server replied 535 5.1.1"},
		"mail=451":     {false, "sending SMTP MAIL FROM command: the server replied 451 4.1.1"},
		"mail=550":     {false, "sending SMTP MAIL FROM command: the server replied 550 5.1.1"},
		"rcpt=450":     {false, "sending SMTP RCPT TO command: the server replied 450 4.1.1"},
		"rcpt=550":     {true, "sending SMTP RCPT TO command: the server replied 550 5.1.1"},
		"data=452":     {false, "closing SMTP DATA writer: the server replied 452 4.1.1"},
		"data=554":     {true, "closing SMTP DATA writer: the server replied 554 5.1.1"},
	} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			server := start(t, "-starttls", "-user", user, "-at", at+":1")
			s := sender(t, smtpURL("smtp", user, server.Address, "ca", server.CA()))
			failed(t, s.Send(t.Context(), message), c.permanent, false, c.want)
			if mails := stored(t, server); len(mails) != 0 {
				t.Errorf("%d mails are stored", len(mails))
			}
			if err := s.Send(t.Context(), message); err != nil {
				t.Errorf("the second attempt: %v", err)
			}
			if mails := stored(t, server); len(mails) != 1 {
				t.Errorf("%d mails are stored", len(mails))
			}
		})
	}
}

func TestWrongPasswordIsTemporary(t *testing.T) {
	t.Parallel()
	server := start(t, "-starttls", "-user", "minifb:another")
	s := sender(t, smtpURL("smtp", user, server.Address, "ca", server.CA()))
	failed(t, s.Send(t.Context(), message), false, false, "the server replied 535 5.7.8")
}

func TestHangingServerIsLeftWhenTheContextEnds(t *testing.T) {
	t.Parallel()
	for step, maybeDelivered := range map[string]bool{
		"greeting": false, "tls": false, "auth": false, "mail": false, "rcpt": false, "data": true, "end": true,
	} {
		for _, scheme := range []string{"smtp", "smtps"} {
			t.Run(step+" "+scheme, func(t *testing.T) {
				t.Parallel()
				server := start(t, map[string]string{"smtp": "-starttls", "smtps": "-smtps"}[scheme], "-user", user, "-at", step+"=hang")
				s := sender(t, smtpURL(scheme, user, server.Address, "ca", server.CA()))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go func() {
					<-server.Acted
					cancel()
				}()
				err := s.Send(ctx, message)
				failed(t, err, false, maybeDelivered, "context canceled")
				if !errors.Is(err, context.Canceled) {
					t.Error("the error is not the context's")
				}
			})
		}
	}
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	server := start(t, "-at", "rcpt=hang")
	s := sender(t, smtpURL("smtp", "", server.Address))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := s.Send(ctx, message)
	failed(t, err, false, false, "deadline exceeded")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error("the error is not the context's")
	}
	s.SetTimeout(100 * time.Millisecond)
	failed(t, s.Send(t.Context(), message), false, false, "deadline exceeded")
}

func TestDyingServer(t *testing.T) {
	t.Parallel()
	for step, c := range map[string]struct {
		maybeDelivered bool
		stored         int
	}{
		"greeting": {false, 0}, "auth": {false, 0}, "mail": {false, 0}, "rcpt": {false, 0}, "data": {true, 0}, "end": {true, 1},
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			server := start(t, "-starttls", "-user", user, "-at", step+"=die")
			s := sender(t, smtpURL("smtp", user, server.Address, "ca", server.CA()))
			failed(t, s.Send(t.Context(), message), false, c.maybeDelivered, "")
			server.Stop()
			if mails := stored(t, server); len(mails) != c.stored {
				t.Errorf("%d mails are stored", len(mails))
			}
			failed(t, s.Send(t.Context(), message), false, false, "connecting to the SMTP server: dial tcp "+server.Address)
		})
	}
}

func TestAddressesThatAreNotASCII(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ address, flag, want string }{
		"ASCII never asks for SMTPUTF8":       {"ann@example.org", "-smtputf8", "BODY=8BITMIME\r\n250 2.0.0 Roger"},
		"a domain is sent as A-labels":        {"ann@예시.한국", "-smtputf8", "RCPT TO:<ann@xn--vv4b11d.xn--3e0b707e>\r\n"},
		"a domain needs no SMTPUTF8":          {"ann@예시.한국", "", "RCPT TO:<ann@xn--vv4b11d.xn--3e0b707e>\r\n"},
		"a local part asks for SMTPUTF8":      {"앤@example.org", "-smtputf8", "BODY=8BITMIME SMTPUTF8\r\n"},
		"a local part is sent as it is":       {"앤@예시.한국", "-smtputf8", "RCPT TO:<앤@xn--vv4b11d.xn--3e0b707e>\r\n"},
		"a local part without SMTPUTF8 fails": {"앤@example.org", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var flags []string
			if c.flag != "" {
				flags = []string{c.flag}
			}
			server := start(t, flags...)
			m := mail.TemporaryPassword(1, mail.Account{Email: c.address, Name: "앤", ID: "ann.01"}, temporary, expires)
			err := sender(t, smtpURL("smtp", "", server.Address)).Send(t.Context(), m)
			if c.want == "" {
				failed(t, err, true, false, "needs SMTPUTF8")
				if mails := stored(t, server); len(mails) != 0 {
					t.Errorf("%d mails are stored", len(mails))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if text := transcript(t, server); !strings.Contains(text, c.want) {
				t.Errorf("%q is not in the transcript:\n%s", c.want, text)
			}
			if _, _, got := parse(t, stored(t, server)[0]); got != body {
				t.Errorf("the body is:\n%s", got)
			}
		})
	}
}

func TestConcurrentMailsAreEachDeliveredOnce(t *testing.T) {
	t.Parallel()
	server := start(t, "-starttls", "-user", user)
	s := sender(t, smtpURL("smtp", user, server.Address, "ca", server.CA()))
	var group sync.WaitGroup
	for n := range 20 {
		group.Go(func() {
			account := mail.Account{Email: fmt.Sprintf("ann%d@example.org", n), Name: "Ann", ID: "ann"}
			if err := s.Send(t.Context(), mail.TemporaryPassword(int64(n), account, temporary, expires)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	to := map[string]int{}
	for _, text := range stored(t, server) {
		header, _, _ := parse(t, text)
		to[header.Get("To")]++
	}
	for n := range 20 {
		if address := fmt.Sprintf("<ann%d@example.org>", n); to[address] != 1 {
			t.Errorf("%s has %d mails", address, to[address])
		}
	}
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	s := sender(t, smtpURL("smtp", user, listener.Addr().String()))
	failed(t, s.Send(t.Context(), message), false, false, "connection refused")
}
