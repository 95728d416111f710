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

	"minifb/shared/api"
	"minifb/shared/ops/sam"
)

// Nginx has the settings of nginx on one host. Every path is absolute.
type Nginx struct {
	Listen  string // a port, or address:port
	Sockets string // the folder of the functions' sockets, <area>.sock
	State   string // the folder of nginx's temporary files, which must exist
	Logs    string // the folder of its logs, which must exist
	Refused string // the log of the requests that nginx refuses itself; see stat.StoreRefused
	PID     string // the file of its process id
	User    string // the user of its workers; unset where nginx is not started as root
	// Metrics is an address and port of this host, where nginx passes on each function's GET /metrics
	// as /metrics/<area>; unset for nowhere. Backups is a folder with the metrics of backups, which
	// are served there too; unset without backups. Whoever reaches the port can read them.
	Metrics, Backups string
	// Health is an address and port where load balancers ask GET /health whether this host can serve;
	// unset for nowhere.
	Health string
	// Draining is a file that makes /health return 503 while it exists; see `make drain`.
	Draining string
	// Certificate and Key are PEM files. With them, Listen serves TLS and HTTP/2, and Redirect, a
	// port or address:port, redirects plain HTTP to HTTPS, and browsers are told to use nothing else
	// for a year.
	Certificate, Key, Redirect string
	// Trust lists the addresses of load balancers in front of this host. nginx takes the client's
	// address from their X-Forwarded-For.
	Trust []netip.Prefix
}

//go:embed nginx.conf.tmpl
var nginxText string

// A refusal is an error response that nginx makes itself.
type refusal struct {
	api.Refusal
	Write  api.Refusal // to a write that was sent to the function; without a hint: the same
	Codes  string      // the statuses of nginx's error_page that it replaces
	Args   []any       // of the hint; nginx's variables among them
	Header string      // one additional header
	Named  bool        // its location is a named one, which keeps the request's method
}

var refusals = []refusal{
	{Refusal: api.MalformedRequest, Codes: "400 495 496 497"},
	{Refusal: api.PermissionDenied, Codes: "403", Args: []any{"$minifb_request"}, Named: true},
	{Refusal: api.NoRoute, Codes: "404", Args: []any{"$minifb_request"}, Named: true},
	{
		Refusal: api.MethodNotAllowed, Codes: "405", Args: []any{"$request_method", "$minifb_allow"},
		Header: "Allow $minifb_allow", Named: true,
	},
	{Refusal: api.SlowRequest, Codes: "408"},
	{Refusal: api.BodyTooLarge, Codes: "413"},
	{Refusal: api.LongURI, Codes: "414"},
	{Refusal: api.TooManyRequests, Codes: "429", Header: "Retry-After 1"},
	{Refusal: api.LargeHeaders, Codes: "431 494"},
	{Refusal: api.NotServed, Codes: "500"},
	{Refusal: api.NotImplemented, Codes: "501"},
	{
		Refusal: api.Unreachable, Write: api.LostFunction, Codes: "502 503", Args: []any{"The function"},
		Header: "Retry-After 1",
	},
	{Refusal: api.TimeLimit, Write: api.LateWrite, Codes: "504"},
	{Refusal: api.HTTPVersion, Codes: "505"},
}

// Location returns the name of the refusal's location in nginx.conf.
func (r refusal) Location() string {
	if r.Named {
		return fmt.Sprintf("@minifb_%d", r.Status)
	}
	return fmt.Sprintf("/.minifb/%d", r.Status)
}

// Text returns the hint for a string in single quotes of nginx.conf.
func (r refusal) Text() string { return quoted(r.Refusal, r.Args) }

// WriteText returns the hint to a write that was sent to the function; empty if it is the same.
func (r refusal) WriteText() string { return quoted(r.Write, r.Args) }

func quoted(r api.Refusal, args []any) string {
	if r.Hint == "" {
		return ""
	}
	return strings.ReplaceAll(fmt.Sprintf(r.Hint, args...), "'", `\'`)
}

// A step of /health asks whether a function is ready, and then takes the next step.
type step struct{ Area, Next string }

const (
	connectLimit = 5 // seconds that nginx waits for a connection to a function
	hsts         = "max-age=31536000"
)

// readLimit returns how many seconds nginx waits for a function's response.
func readLimit(f sam.Function) int { return int(f.Timeout.Seconds()) + 1 }

// plain matches a setting that nginx or HAProxy reads as one word.
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
	for name, address := range map[string]string{"metrics": n.Metrics, "health": n.Health} {
		if _, err := netip.ParseAddrPort(address); err != nil && address != "" {
			return fmt.Errorf("the address of %s, %q, is no IP address and port", name, address)
		}
	}
	words := []string{
		n.Listen, n.Sockets, n.State, n.Logs, n.Refused, n.PID, n.User, n.Certificate, n.Key, n.Redirect, n.Backups,
		n.Draining,
	}
	for _, word := range words {
		if !plain.MatchString(word) {
			return fmt.Errorf("%q is not a valid setting of nginx; use letters, digits and . _ / @ + , = : [ ] -", word)
		}
	}
	data := struct {
		Nginx
		Paths     []path
		Areas     []string       // of functions with routes
		Chain     []step         // the same, in the order in which /health asks them
		All       []string       // areas of all functions
		Limited   []sam.Function // those with an allow-list
		Refusals  []refusal
		ReadLimit int    // seconds to wait for a function's response
		Exposed   string // the headers that pages of other origins may read
		Connect   int    // seconds to wait for a connection to it
	}{Nginx: n, Paths: all, Refusals: refusals, Exposed: api.ExposedHeaders, Connect: connectLimit}
	for _, f := range t.Functions {
		data.All = append(data.All, f.Area)
		if len(f.Routes) == 0 {
			continue
		}
		data.Areas = append(data.Areas, f.Area)
		if len(f.Allow) > 0 {
			data.Limited = append(data.Limited, f)
		}
		data.ReadLimit = max(data.ReadLimit, readLimit(f))
	}
	for i, area := range data.Areas {
		data.Chain = append(data.Chain, step{Area: area})
		if i > 0 {
			data.Chain[i-1].Next = area
		}
	}
	text, err := template.New("nginx.conf").Funcs(template.FuncMap{
		"status": http.StatusText, "jobs": func() []job { return jobs },
		"hsts": func() string { return hsts },
	}).Parse(nginxText)
	if err != nil {
		return fmt.Errorf("render nginx.conf: %w", err)
	}
	return text.Execute(w, data)
}
