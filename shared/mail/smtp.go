package mail

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// deliver sends a mail over a connection of its own. The library bounds each of its steps by time
// but heeds ctx in the first alone, so the end of ctx closes the connection.
func (s *server) deliver(ctx context.Context, m *gomail.Msg, to address) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return failure(ctx, "connecting to the SMTP server", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	client, err := s.client(conn, to)
	if err != nil {
		return failure(ctx, "preparing the SMTP client", err, s.password)
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return failure(ctx, "opening the SMTP session", err, s.password)
	}
	if offered, _ := session.Extension("SMTPUTF8"); to.utf8 && !offered {
		return &Error{Permanent: true, text: "the recipient's address needs SMTPUTF8, which the server does not offer"}
	}
	err = client.SendWithSMTPClient(session, m)
	if !m.IsDelivered() {
		return failure(ctx, "", err)
	}
	// The server has the mail: what happens from here on does not matter.
	if conn.SetDeadline(time.Now().Add(time.Second)) == nil {
		_ = session.Quit()
	}
	return nil
}

func (s *server) connect(ctx context.Context) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: connectTimeout}
	address := net.JoinHostPort(s.host, strconv.Itoa(s.port))
	if s.implicitTLS {
		return (&tls.Dialer{NetDialer: dialer, Config: s.tls}).DialContext(ctx, "tcp", address)
	}
	return dialer.DialContext(ctx, "tcp", address)
}

// client returns a client that uses conn, for one mail.
func (s *server) client(conn net.Conn, to address) (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) { return conn, nil }),
		gomail.WithHELO(domain(s.from.Address)), // the default, this machine's name, is seldom a full domain name
		gomail.WithTimeout(sendTimeout),
		gomail.WithTLSConfig(s.tls),
		gomail.WithTLSPolicy(s.policy),
		gomail.WithoutNoop(),
		gomail.WithoutRset(),
	}
	if s.implicitTLS {
		options = append(options, gomail.WithSSL()) // conn is encrypted already: no STARTTLS
	}
	if !to.utf8 {
		options = append(options, gomail.WithoutSMTPUTF8()) // asking for it would require it of each server on the way
	}
	if s.user != "" {
		// The library sends neither of these without TLS, except to a loopback host.
		options = append(options, gomail.WithUsername(s.user), gomail.WithPassword(s.password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return gomail.NewClient(s.host, options...)
}
