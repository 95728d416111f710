package mail_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"minifb/shared/mail"
)

func TestMailIsDelivered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ url, flags, want string }{
		"STARTTLS and AUTH PLAIN": {"smtp://USER@HOST?ca=CA", "-starttls -user=" + user, "AUTH PLAIN "},
		"STARTTLS and AUTH LOGIN": {"smtp://USER@HOST?ca=CA", "-starttls -mechanism=LOGIN -user=" + user, "AUTH LOGIN"},
		"STARTTLS where offered":  {"smtp://HOST?ca=CA", "-starttls", "STARTTLS\r\n"},
		"TLS at once and AUTH":    {"smtps://USER@HOST?ca=CA", "-smtps -user=" + user, "AUTH PLAIN "},
		"TLS at once":             {"smtps://HOST?ca=CA", "-smtps", "EHLO example.com\r\n"},
		"AUTH on loopback":        {"smtp://USER@HOST?", "-clear-auth -user=" + user, "AUTH PLAIN "},
		"clear text on loopback":  {"smtp://HOST?", "", "EHLO example.com\r\n"},
		"clear text elsewhere":    {"smtp://[::ffff:127.0.0.1]:PORT?tls=opportunistic", "", "EHLO example.com\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, strings.Fields(c.flags)...)
			s := sender(t, smtpURL(server, c.url))
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
			envelope := []string{"MAIL FROM:<minifb@example.com>", "RCPT TO:<ann@example.org>\r\n", "QUIT\r\n"}
			for _, want := range append(envelope, c.want) {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in the transcript:\n%s", want, text)
				}
			}
		})
	}
}

func TestNoMailAndNoPasswordWithoutTrustedTLS(t *testing.T) {
	t.Parallel()
	other := start(t, "-starttls")
	const noTLS = "does not support STARTTLS"
	for name, c := range map[string]struct{ url, flags, want string }{
		"unknown authority":              {"smtp://USER@HOST?", "-starttls", "unknown authority"},
		"unknown authority, TLS at once": {"smtps://USER@HOST?", "-smtps", "unknown authority"},
		"another authority":              {"smtp://USER@HOST?ca=" + other.CA(), "-starttls", "unknown authority"},
		"no STARTTLS though required":    {"smtp://USER@HOST?tls=required", "-clear-auth", noTLS},
		// To the library and to this package, this address is not one of loopback.
		"no STARTTLS elsewhere":               {"smtp://USER@[::ffff:127.0.0.1]:PORT?", "-clear-auth", noTLS},
		"no STARTTLS elsewhere, without AUTH": {"smtp://[::ffff:127.0.0.1]:PORT?", "", noTLS},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, strings.Fields(c.flags+" -user="+user)...)
			failed(t, sender(t, smtpURL(server, c.url)).Send(t.Context(), message), false, false, c.want)
			text := transcript(t, server)
			if strings.Contains(text, "\nAUTH") || strings.Contains(text, "MAIL FROM") {
				t.Errorf("the transcript is:\n%s", text)
			}
		})
	}
}

func TestAddressesThatAreNotASCII(t *testing.T) {
	t.Parallel()
	const aLabels = "xn--vv4b11d.xn--3e0b707e"
	for name, c := range map[string]struct{ address, flags, want string }{
		"ASCII never asks for SMTPUTF8":       {"ann@example.org", "-smtputf8", "BODY=8BITMIME\r\n250 "},
		"a domain is sent as A-labels":        {"ann@예시.한국", "-smtputf8", "RCPT TO:<ann@" + aLabels + ">\r\n"},
		"a domain needs no SMTPUTF8":          {"ann@예시.한국", "", "RCPT TO:<ann@" + aLabels + ">\r\n"},
		"a local part asks for SMTPUTF8":      {"앤@example.org", "-smtputf8", "BODY=8BITMIME SMTPUTF8\r\n"},
		"a local part is sent as it is":       {"앤@예시.한국", "-smtputf8", "RCPT TO:<앤@" + aLabels + ">\r\n"},
		"a local part without SMTPUTF8 fails": {"앤@example.org", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, strings.Fields(c.flags)...)
			account := mail.Account{Email: c.address, Name: ann.Name, ID: ann.ID}
			m := mail.TemporaryPassword(1, account, temporary, expires)
			err := sender(t, smtpURL(server, "smtp://HOST?")).Send(t.Context(), m)
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
	s := sender(t, smtpURL(server, "smtp://USER@HOST?ca=CA"))
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

// TLS 1.0 and 1.1 can be broken.
func TestOldVersionsOfTLSAreNotOffered(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	offered := make(chan []uint16, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			close(offered)
			return
		}
		defer c.Close()
		_ = tls.Server(c, &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			offered <- hello.SupportedVersions
			return nil, errors.New("it is seen")
		}}).HandshakeContext(t.Context())
	}()
	s := sender(t, "smtps://"+l.Addr().String()+"?from=minifb@example.com")
	if err := s.Send(t.Context(), message); err == nil {
		t.Error("no error")
	}
	if got := <-offered; len(got) == 0 || slices.Min(got) < tls.VersionTLS12 {
		t.Errorf("the versions %x are offered", got)
	}
}
