package mail_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"minifb/shared/mail"
)

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
			s := sender(t, smtpURL(server, "smtp://USER@HOST?ca=CA"))
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
	s := sender(t, smtpURL(server, "smtp://USER@HOST?ca=CA"))
	failed(t, s.Send(t.Context(), message), false, false, "the server replied 535 5.7.8")
}

func TestHangingServerIsLeftWhenTheContextEnds(t *testing.T) {
	t.Parallel()
	for step, maybeDelivered := range map[string]bool{
		"greeting": false, "tls": false, "auth": false, "mail": false, "rcpt": false, "data": true, "end": true,
	} {
		for flag, scheme := range map[string]string{"-starttls": "smtp", "-smtps": "smtps"} {
			t.Run(step+" "+scheme, func(t *testing.T) {
				t.Parallel()
				server := start(t, flag, "-user", user, "-at", step+"=hang")
				s := sender(t, smtpURL(server, scheme+"://USER@HOST?ca=CA"))
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
	s := sender(t, smtpURL(server, "smtp://HOST?"))
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

// A mail that the server has accepted is sent, even if the server never ends the session. The next mail does not
// wait for it.
func TestServerThatHangsAtTheEndOfTheSession(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		lines := bufio.NewScanner(c)
		inData := false
		for reply := "220 hello"; ; {
			if reply != "" {
				_, _ = fmt.Fprintf(c, "%s\r\n", reply)
			}
			if !lines.Scan() {
				return
			}
			switch line := lines.Text(); {
			case inData && line != ".", line == "QUIT":
				reply = ""
			case line == "DATA":
				inData, reply = true, "354 go on"
			default:
				inData, reply = false, "250 fine"
			}
		}
	}()
	s := sender(t, "smtp://"+l.Addr().String()+"?from=minifb@example.com")
	begun := time.Now()
	if err := s.Send(t.Context(), message); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("the accepted mail took %s", took)
	}
}

func TestDyingServer(t *testing.T) {
	t.Parallel()
	for step, c := range map[string]struct {
		maybeDelivered bool
		stored         int
	}{
		"greeting": {false, 0}, "auth": {false, 0}, "mail": {false, 0}, "rcpt": {false, 0},
		"data": {true, 0}, // the client cannot know that its mail was lost
		"end":  {true, 1},
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			server := start(t, "-starttls", "-user", user, "-at", step+"=die")
			s := sender(t, smtpURL(server, "smtp://USER@HOST?ca=CA"))
			failed(t, s.Send(t.Context(), message), false, c.maybeDelivered, "")
			server.Stop()
			if mails := stored(t, server); len(mails) != c.stored {
				t.Errorf("%d mails are stored", len(mails))
			}
			want := "connecting to the SMTP server: dial tcp " + server.Address
			failed(t, s.Send(t.Context(), message), false, false, want)
		})
	}
}
