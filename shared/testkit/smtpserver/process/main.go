// Command process is an SMTP server for tests. It stores each mail as a file and fails where its
// flags say so.
//
// It prints "listening on ADDRESS" once it accepts connections, and "at STEP" each time it carries
// out an action of -at.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/emersion/go-smtp"
)

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	actions := actions{}
	dir := flag.String("dir", "", "the directory for mails/, ca.pem and transcript")
	startTLS := flag.Bool("starttls", false, "offer STARTTLS, with a self-signed certificate written to ca.pem")
	implicitTLS := flag.Bool("smtps", false, "take TLS connections alone, with such a certificate")
	user := flag.String("user", "", "take mails from this user alone, written user:password")
	mechanism := flag.String("mechanism", "PLAIN", "the mechanism to offer for AUTH: PLAIN or LOGIN")
	clearAuth := flag.Bool("clear-auth", false, "offer AUTH without TLS too")
	utf8 := flag.Bool("smtputf8", false, "offer SMTPUTF8")
	flag.Var(actions, "at", "STEP=ACTION, or STEP=ACTION:N for the first N times alone; may be repeated.\n"+
		"STEP: greeting, tls, auth, mail, rcpt, data (midway through the mail), end (after the mail is stored)\n"+
		"ACTION: a reply code such as 451 or 550, hang, or die (exit at once)")
	flag.Parse()

	transcript, err := os.OpenFile(filepath.Join(*dir, "transcript"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	mails := filepath.Join(*dir, "mails")
	if err := os.MkdirAll(mails, 0o700); err != nil {
		return err
	}
	backend := &backend{actions: actions, mails: mails, mechanism: strings.ToUpper(*mechanism)}
	backend.user, backend.password, _ = strings.Cut(*user, ":")
	server := smtp.NewServer(backend)
	server.Domain, server.Debug = "localhost", transcript
	server.AllowInsecureAuth, server.EnableSMTPUTF8 = *clearAuth, *utf8

	var config *tls.Config
	if *startTLS || *implicitTLS {
		if config, err = selfSigned(filepath.Join(*dir, "ca.pem")); err != nil {
			return err
		}
		config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return nil, actions.at("tls", "")
		}
	}
	if *startTLS {
		server.TLSConfig = config
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := listener.Addr()
	listener = greeter{listener, actions}
	if *implicitTLS {
		listener = tls.NewListener(listener, config)
	}
	fmt.Fprintln(os.Stdout, "listening on", address)
	return server.Serve(listener)
}

// A greeter carries out the action of the step greeting before the server sees the connection.
type greeter struct {
	net.Listener
	actions actions
}

func (g greeter) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		refusal := g.actions.reply("greeting", "")
		if refusal == nil {
			return conn, nil
		}
		fmt.Fprintf(conn, "%d %s\r\n", refusal.Code, refusal.Message)
		conn.Close()
	}
}
