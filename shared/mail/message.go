package mail

import (
	"crypto/sha256"
	_ "embed" // the mail's text
	"encoding/hex"
	"fmt"
	"strings"
	"text/template"
	"time"
	"unicode"
)

// A Message is a mail to one recipient. Its zero value cannot be sent.
type Message struct {
	id      string // the part of the Message-ID before its @
	to      string
	subject string
	body    string
}

// An Account is the account that a mail is about, and its owner's address.
type Account struct {
	Email string
	Name  string
	ID    string
}

const maxName = 50 // code points of a name or an ID that a mail shows

//go:embed temporary_password.txt
var temporaryPasswordText string

var temporaryPassword = template.Must(template.New("mail").Parse(temporaryPasswordText))

// TemporaryPassword returns the mail that brings an account's owner a temporary password. The time
// when it expires is shown in its own location. The Message-ID depends on request and expires
// alone: a mail that is sent again with the same password and the same expiry can be recognised as
// the same, and one with a newer password cannot be mistaken for it.
func TemporaryPassword(request int64, account Account, password string, expires time.Time) Message {
	var body strings.Builder
	err := temporaryPassword.Execute(&body, map[string]string{
		"Name": visible(account.Name), "ID": visible(account.ID), "Password": password,
		"Korean":  expires.Format("2006년 1월 2일 15:04 (UTC-07:00)"),
		"English": expires.Format("2 January 2006, 15:04 (UTC-07:00)"),
	})
	if err != nil {
		panic(err) // the template is a constant, and a Builder takes everything
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "temporary password %d %d", request, expires.UnixMicro()))
	return Message{
		id:      "temporary-password." + hex.EncodeToString(sum[:12]),
		to:      account.Email,
		subject: "[minifb] 임시 비밀번호 / Your temporary password",
		body:    body.String(),
	}
}

// String returns the message's ID and its recipient's domain: what a log may have.
func (m Message) String() string { return "mail " + m.id + " to " + domain(m.to) }

// GoString returns what String returns, so that %#v does not print the password either.
func (m Message) GoString() string { return m.String() }

// visible returns text as one line of at most maxName code points, without characters that change
// how the text around it is read.
func visible(text string) string {
	text = strings.Map(func(r rune) rune {
		if disruptive(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > maxName {
		text = string(runes[:maxName]) + "…"
	}
	return text
}

// disruptive reports whether r ends a line, or changes the direction of the text around it, or is a
// control character.
func disruptive(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}
