// Package envfile reads files of environment variables as systemd's EnvironmentFile= does. No shell
// is involved: a shell would run the commands that a value may hold.
package envfile

import (
	"regexp"
	"strings"
)

// special are the characters that a backslash escapes within double quotes.
const special = "\"\\`$"

var validName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Parse returns the variables of a file as NAME=value, in the order of the file. Like systemd, it
// leaves out lines that set nothing.
func Parse(content string) (variables []string) {
	p := parser{rest: content}
	for p.rest != "" {
		name, value, ok := p.assignment()
		if ok && validName.MatchString(name) {
			variables = append(variables, name+"="+value)
		}
	}
	return variables
}

const (
	blank   = " \t"
	newline = "\n\r"
)

type parser struct{ rest string }

// assignment reads a line, or several that its quotes and backslashes join.
func (p *parser) assignment() (name, value string, ok bool) {
	p.rest = strings.TrimLeft(p.rest, blank+newline)
	end := strings.IndexAny(p.rest, newline)
	if end < 0 {
		end = len(p.rest)
	}
	equals := strings.IndexByte(p.rest[:end], '=')
	if equals < 0 || strings.ContainsRune("#;", rune(p.rest[0])) {
		p.rest = p.rest[end:]
		return "", "", false
	}
	name = strings.TrimRight(p.rest[:equals], blank)
	p.rest = strings.TrimLeft(p.rest[equals+1:], blank)
	return name, p.value(), true
}

// value reads up to the end of the line. Quotes count where a word begins, as in systemd.
func (p *parser) value() string {
	var value strings.Builder
	for {
		p.rest = strings.TrimLeft(p.rest, blank)
		switch {
		case p.rest == "" || strings.ContainsRune(newline, rune(p.rest[0])):
			return value.String()
		case p.rest[0] == '\'':
			text, rest, _ := strings.Cut(p.rest[1:], "'")
			value.WriteString(text)
			p.rest = rest
		case p.rest[0] == '"':
			p.rest = p.rest[1:]
			p.doubleQuoted(&value)
		default:
			value.WriteString(p.unquoted())
			return value.String()
		}
	}
}

// doubleQuoted reads up to and with the closing quote. A backslash escapes a special character, and
// joins lines; another one is itself.
func (p *parser) doubleQuoted(value *strings.Builder) {
	for p.rest != "" {
		c := p.rest[0]
		p.rest = p.rest[1:]
		switch {
		case c == '"':
			return
		case c == '\\' && p.rest != "" && strings.ContainsRune(special+newline, rune(p.rest[0])):
			if c = p.rest[0]; !strings.ContainsRune(newline, rune(c)) {
				value.WriteByte(c)
			}
			p.rest = p.rest[1:]
		default:
			value.WriteByte(c)
		}
	}
}

// unquoted reads up to the end of the line, without the blanks before it. A backslash escapes any
// character, and joins lines.
func (p *parser) unquoted() string {
	var value strings.Builder
	kept := 0 // the length without trailing blanks
	for p.rest != "" && !strings.ContainsRune(newline, rune(p.rest[0])) {
		c := p.rest[0]
		p.rest = p.rest[1:]
		escaped := c == '\\'
		if escaped {
			if p.rest == "" {
				break
			}
			c = p.rest[0]
			p.rest = p.rest[1:]
			if strings.ContainsRune(newline, rune(c)) {
				continue
			}
		}
		value.WriteByte(c)
		if escaped || !strings.ContainsRune(blank, rune(c)) {
			kept = value.Len()
		}
	}
	return value.String()[:kept]
}
