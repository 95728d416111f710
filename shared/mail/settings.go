package mail

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/mail"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"

	gomail "github.com/wneessen/go-mail"
)

// Settings say where mails go. Where both are empty, mail is not configured.
type Settings struct {
	// SMTPURL is the value of SMTP_URL: smtp://user:password@host:587?from=minifb@example.org, or
	// smtps:// for TLS from the first byte (port 465). Its parameters:
	//   - from: the sender, an address alone or "name <address>"; required
	//   - tls: required, or opportunistic to send in clear text where the server offers no STARTTLS.
	//     The default is required, and opportunistic on loopback. Only there may opportunistic be
	//     combined with a user.
	//   - ca: a file with the certificates, in PEM, of the only authorities to trust; by default
	//     those of the system are trusted
	SMTPURL string
	// Dir is the value of MAIL_DIR: where each mail becomes a file, if SMTPURL is empty.
	Dir string
}

// Validate reports all that is wrong with the settings, each problem with its variable's name and
// none with its value.
func (s Settings) Validate() error {
	if s.SMTPURL == "" {
		return nil
	}
	_, err := parseURL(s.SMTPURL)
	return err
}

// A server is an SMTP server, as SMTP_URL describes it.
type server struct {
	host, user, password string
	port                 int
	from                 mail.Address
	tls                  *tls.Config
	implicitTLS          bool
	policy               gomail.TLSPolicy
}

// problems are what is wrong with SMTP_URL. They quote nothing of it: in a malformed URL, any part
// may be the password.
type problems []error

func (p *problems) check(ok bool, problem string) {
	if !ok {
		*p = append(*p, errors.New("SMTP_URL: "+problem))
	}
}

func parseURL(text string) (server, error) {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return server{}, errors.New("SMTP_URL: not a URL such as " +
			"smtp://user:password@host:587?from=minifb@example.org; " +
			"in the user and the password, write characters such as # and / as %23 and %2F")
	}
	var p problems
	s := server{host: u.Hostname(), user: u.User.Username(), implicitTLS: u.Scheme == "smtps", port: 587}
	s.password, _ = u.User.Password()
	p.check(u.Scheme == "smtp" || s.implicitTLS, "the scheme is neither smtp nor smtps")
	p.check(s.host != "", "no host")
	p.check(!strings.ContainsFunc(s.user+s.password, unicode.IsControl), "a control character in the user or password")
	p.check((s.user == "") == (s.password == ""), "a user without a password, or a password without a user")
	if s.implicitTLS {
		s.port = 465
	}
	if u.Port() != "" {
		s.port, err = strconv.Atoi(u.Port())
		p.check(err == nil && s.port > 0 && s.port <= 65535, "the port is not one of 1 to 65535")
	}
	s.parameters(u.RawQuery, &p)
	return s, errors.Join(p...)
}

func (s *server) parameters(query string, p *problems) {
	values, err := url.ParseQuery(query)
	p.check(err == nil, "the part after ? is malformed")
	for name, value := range values {
		p.check(slices.Contains([]string{"from", "tls", "ca"}, name), "a parameter other than from, tls and ca")
		p.check(len(value) == 1, "a parameter that occurs twice")
	}

	from, err := mail.ParseAddress(values.Get("from"))
	p.check(err == nil && ascii(from.Address),
		"from must be an address in ASCII, such as from=minifb@example.org; "+
			"write + as %2B, and a domain in other letters in its xn-- form")
	if err == nil {
		s.from = *from
	}

	secure := values.Get("tls")
	s.policy = gomail.TLSMandatory
	switch secure {
	case "":
		if loopback(s.host) {
			s.policy = gomail.TLSOpportunistic
		}
	case "required":
	case "opportunistic":
		p.check(!s.implicitTLS, "tls=opportunistic is for smtp:// alone")
		p.check(s.user == "" || loopback(s.host), "tls=opportunistic could send the password in clear text")
		s.policy = gomail.TLSOpportunistic
	default:
		p.check(false, "tls must be required or opportunistic")
	}

	s.tls = &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12}
	if file := values.Get("ca"); file != "" {
		pem, err := os.ReadFile(file)
		s.tls.RootCAs = x509.NewCertPool()
		p.check(err == nil && s.tls.RootCAs.AppendCertsFromPEM(pem),
			"the file that ca names cannot be read, or has no certificate in PEM")
	}
}

// loopback reports whether host is one of the names of this machine to which the library would send
// a password in clear text.
func loopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }
