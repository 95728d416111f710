package mail_test

import (
	"context"
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"minifb/shared/mail"
	"minifb/shared/testkit/smtpserver"
)

var binary string // the SMTP server's

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "mail")
	if err != nil {
		panic(err)
	}
	if binary, err = smtpserver.Build(context.Background(), "../..", dir); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

const (
	temporary = "k7wq-3h2n-x9fd-5tzm"
	secret    = "pa55/w#rd?" // of the SMTP server's user
	user      = "minifb:" + secret
)

var (
	ann     = mail.Account{Email: "ann@example.org", Name: "앤", ID: "ann.01"}
	seoul   = time.FixedZone("KST", 9*60*60)
	expires = time.Date(2026, 11, 25, 23, 14, 0, 0, seoul)
	message = mail.TemporaryPassword(1, ann, temporary, expires)
)

func start(t *testing.T, flags ...string) *smtpserver.Server {
	t.Helper()
	server, err := smtpserver.Start(binary, t.TempDir(), flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return server
}

// smtpURL returns SMTP_URL for a server: pattern with the server's own values for USER, HOST, PORT
// and CA, and with a sender.
func smtpURL(server *smtpserver.Server, pattern string) string {
	name, password, _ := strings.Cut(user, ":")
	_, port, _ := strings.Cut(server.Address, ":")
	return strings.NewReplacer("USER", url.UserPassword(name, password).String(), "HOST", server.Address, "PORT", port,
		"CA", url.QueryEscape(server.CA())).Replace(pattern) + "&from=minifb+%3Cminifb@example.com%3E"
}

func sender(t *testing.T, smtpURL string) *mail.Sender {
	t.Helper()
	s, err := mail.New(mail.Settings{SMTPURL: smtpURL})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// toDir returns a sender to files, and their directory.
func toDir(t *testing.T) (*mail.Sender, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mail")
	s, err := mail.New(mail.Settings{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func files(t *testing.T, dir string) (texts []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".eml") {
			t.Errorf("a file %s is left", entry.Name())
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return texts
}

func stored(t *testing.T, server *smtpserver.Server) []string {
	t.Helper()
	mails, err := server.Mails()
	if err != nil {
		t.Fatal(err)
	}
	return mails
}

func transcript(t *testing.T, server *smtpserver.Server) string {
	t.Helper()
	text, err := server.Transcript()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// parse returns a mail's headers, its decoded subject and its decoded body.
func parse(t *testing.T, text string) (netmail.Header, string, string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	if kind := m.Header.Get("Content-Type"); kind != "text/plain; charset=UTF-8" {
		t.Errorf("Content-Type is %q", kind)
	}
	if encoding := m.Header.Get("Content-Transfer-Encoding"); encoding != "quoted-printable" {
		t.Errorf("Content-Transfer-Encoding is %q", encoding)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return m.Header, subject, strings.ReplaceAll(string(body), "\r\n", "\n")
}
