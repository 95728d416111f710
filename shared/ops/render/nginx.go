package render

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"text/template"

	"minifb/shared/ops/sam"
)

// Nginx has the settings of nginx on one host. Every path is absolute.
type Nginx struct {
	Listen  string // a port, or address:port
	Sockets string // the folder of the functions' sockets, <area>.sock
	State   string // the folder of nginx's temporary files, which must exist
	Logs    string // the folder of its logs, which must exist
	PID     string // the file of its process id
	User    string // the user of its workers; unset where nginx is not started as root
	// Certificate and Key are PEM files. With them, Listen serves TLS and HTTP/2, and Redirect, a
	// port or address:port, redirects plain HTTP to HTTPS.
	Certificate, Key, Redirect string
	// Trust lists the addresses of load balancers in front of this host. nginx takes the client's
	// address from their X-Forwarded-For.
	Trust []netip.Prefix
}

//go:embed nginx.conf.tmpl
var nginxText string

// A refusal is an error response that nginx makes itself.
type refusal struct {
	Status int
	Codes  string // the statuses of nginx's error_page that it replaces
	Hint   string
	Header string // one additional header
	Named  bool   // its location is a named one, which keeps the request's method
}

var refusals = []refusal{
	{
		Status: 400, Codes: "400 495 496 497",
		Hint: "The request cannot be read; check its request line, its headers, and whether it is to be HTTPS.",
	},
	{Status: 403, Codes: "403", Hint: "You have not permission for '$minifb_request'", Named: true},
	{
		Status: 404, Codes: "404", Named: true,
		Hint: "There is no route '$minifb_request'; check the path, to the letter and its slashes.",
	},
	{
		Status: 405, Codes: "405", Header: "Allow $minifb_allow", Named: true,
		Hint: "$request_method is not allowed here; use one of $minifb_allow.",
	},
	{Status: 408, Codes: "408", Hint: "The request did not arrive in time; send it again."},
	{Status: 413, Codes: "413", Hint: "The body is too large; send at most 64 KiB."},
	{Status: 414, Codes: "414", Hint: "The path and the query are too long; send at most 8 KiB."},
	{Status: 429, Codes: "429", Hint: "Too many requests; try again in a second.", Header: "Retry-After 1"},
	{Status: 431, Codes: "431 494", Hint: "The headers are too large; send at most 8 KiB each and 32 KiB in all."},
	{Status: 500, Codes: "500", Hint: "The request could not be served."},
	{
		Status: 501, Codes: "501",
		Hint: "This server cannot do what the request asks for; check its method and its Transfer-Encoding.",
	},
	{
		Status: 503, Codes: "502 503", Header: "Retry-After 1",
		Hint: "The function cannot be reached just now; try again in a second.",
	},
	{Status: 504, Codes: "504", Hint: "The request ran past its time limit."},
	{Status: 505, Codes: "505", Hint: "Speak HTTP/1.1 or HTTP/2."},
}

// Location returns the name of the refusal's location in nginx.conf.
func (r refusal) Location() string {
	if r.Named {
		return fmt.Sprintf("@minifb_%d", r.Status)
	}
	return fmt.Sprintf("/.minifb/%d", r.Status)
}

// Escaped returns the hint for a string in single quotes of nginx.conf.
func (r refusal) Escaped() string { return strings.ReplaceAll(r.Hint, "'", `\'`) }

// plain matches a setting that nginx reads as one word.
var plain = regexp.MustCompile(`^[A-Za-z0-9._/@+,=\[\]:-]*$`)

// Configuration writes nginx.conf. It returns an error where a setting is invalid, or where a
// request's path does not decide which function serves it.
func (n Nginx) Configuration(w io.Writer, t *sam.Template) error {
	all, err := paths(t)
	if err != nil {
		return err
	}
	if (n.Certificate == "") != (n.Key == "") {
		return errors.New("set both the certificate and its key, or neither")
	}
	if n.Redirect != "" && n.Certificate == "" {
		return errors.New("a redirect to HTTPS needs a certificate")
	}
	words := []string{n.Listen, n.Sockets, n.State, n.Logs, n.PID, n.User, n.Certificate, n.Key, n.Redirect}
	for _, word := range words {
		if !plain.MatchString(word) {
			return fmt.Errorf("%q is not a valid setting of nginx; use letters, digits and . _ / @ + , = : [ ] -", word)
		}
	}
	data := struct {
		Nginx
		Paths     []path
		Areas     []string
		Limited   []sam.Function // those with an allow-list
		Refusals  []refusal
		ReadLimit int // seconds to wait for a function's response
	}{Nginx: n, Paths: all, Refusals: refusals}
	for _, f := range t.Functions {
		if len(f.Routes) == 0 {
			continue
		}
		data.Areas = append(data.Areas, f.Area)
		if len(f.Allow) > 0 {
			data.Limited = append(data.Limited, f)
		}
		data.ReadLimit = max(data.ReadLimit, int(f.Timeout.Seconds())+1)
	}
	text, err := template.New("nginx.conf").Funcs(template.FuncMap{"status": http.StatusText}).Parse(nginxText)
	if err != nil {
		return fmt.Errorf("render nginx.conf: %w", err)
	}
	return text.Execute(w, data)
}
