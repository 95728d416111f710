package mail

import (
	"errors"
	"net/mail"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

const maxAddress = 254 // bytes of a mailbox in an SMTP command (RFC 5321, erratum 1690)

// An address is a recipient's address that was checked.
type address struct {
	mailbox string // its domain in ASCII
	utf8    bool   // its local part is not ASCII: the server must offer SMTPUTF8
}

var (
	errAddress = errors.New("the recipient's address is not a single mail address")
	errDomain  = errors.New("the domain of the recipient's address is not a valid name")
)

// parseAddress takes a plain address, such as ann@example.org or 앤@예시.한국, and nothing around it: no
// name, no comment, no quotes, no spaces. A domain that is not ASCII becomes its A-labels, which
// every server understands.
func parseAddress(text string) (address, error) {
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text || parsed.Name != "" {
		return address{}, errAddress
	}
	at := strings.LastIndexByte(text, '@')
	local, domain := text[:at], text[at+1:]
	if strings.ContainsAny(local, `" `) || strings.ContainsFunc(local, disruptive) || domain[0] == '[' {
		return address{}, errAddress
	}
	if !ascii(domain) {
		if domain, err = idna.Lookup.ToASCII(domain); err != nil {
			return address{}, errDomain
		}
	}
	a := address{mailbox: local + "@" + domain, utf8: !ascii(local)}
	if len(a.mailbox) > maxAddress {
		return address{}, errAddress
	}
	return a, nil
}

func ascii(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// domain returns what follows the last @ of a checked or unchecked address, for headers and logs.
func domain(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return "an unknown domain"
	}
	return visible(address[at+1:])
}
