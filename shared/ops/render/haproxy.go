package render

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"text/template"

	"minifb/shared/api"
	"minifb/shared/ops/sam"
)

// HAProxy has the settings of the balancer in front of several hosts, HAProxy 2.6 or newer.
type HAProxy struct {
	Listen string // a port, or address:port
	Hosts  []BalancedHost
	// Certificate is a PEM file with the certificate and its key; the key may be in a file of its own, whose name has
	// .key appended. With it, Listen serves TLS and HTTP/2, and Redirect, a port or address:port, redirects plain HTTP
	// to HTTPS, and browsers are told to use nothing else for a year.
	Certificate, Redirect string
	// Metrics is an address and port where Prometheus reads HAProxy's metrics; unset for nowhere. Whoever reaches the
	// port can read them.
	Metrics string
	Socket  string // the path of the socket at which HAProxy takes orders
	User    string // the user and the group of its processes; unset where HAProxy is not started as root
}

// A BalancedHost is a host behind a balancer.
type BalancedHost struct {
	Address netip.AddrPort // of its nginx, which must trust the balancer's address
	Health  netip.AddrPort // of its GET /health
}

// Name returns the host's name in HAProxy's log and metrics.
func (h BalancedHost) Name() string {
	return strings.Trim(h.Address.Addr().String(), "[]") + ":" + port(h.Address)
}

func port(a netip.AddrPort) string { return fmt.Sprint(a.Port()) }

//go:embed haproxy.cfg.tmpl
var haproxyText string

// A balancerRefusal is an error response that HAProxy makes itself.
type balancerRefusal struct {
	api.Refusal
	Write      api.Refusal // to a write that was sent to a host; without a hint: the same
	RetryAfter bool        // whether the response says so, as nginx's does
}

// balancerRefusals are those of nginx whose status HAProxy can have. A 502, after which the outcome of a write is not
// known, is sent as a 503.
var balancerRefusals = []balancerRefusal{
	{Refusal: api.MalformedRequest},
	{Refusal: api.SlowRequest},
	{Refusal: api.BodyTooLarge},
	{Refusal: api.NotServed},
	{Refusal: api.NotImplemented},
	{
		Refusal:    api.Refusal{Status: http.StatusBadGateway, Hint: api.Unreachable.Hint},
		Write:      api.LostFunction,
		RetryAfter: true,
	},
	{Refusal: api.Unreachable, RetryAfter: true},
	{Refusal: api.TimeLimit, Write: api.LateWrite},
}

// Text returns the hint.
func (r balancerRefusal) Text() string { return hint(r.Refusal) }

// WriteText returns the hint to a write that was sent to a host; empty if it is the same.
func (r balancerRefusal) WriteText() string { return hint(r.Write) }

func hint(r api.Refusal) string {
	if !strings.Contains(r.Hint, "%") {
		return r.Hint
	}
	return fmt.Sprintf(r.Hint, "The service")
}

// Body returns the body as HAProxy's format: a hint that depends on the method is in a variable.
func (r balancerRefusal) Body() string {
	status, text := r.Status, r.Text()
	if r.WriteText() != "" {
		text = fmt.Sprintf("%%[var(txn.hint_%d)]", status)
	}
	if status == http.StatusBadGateway {
		status = http.StatusServiceUnavailable
	}
	return fmt.Sprintf(`{"result":"%s","hint":"%s"}`, http.StatusText(status), text)
}

// Configuration writes haproxy.cfg. It returns an error where a setting is invalid.
func (x HAProxy) Configuration(w io.Writer, t *sam.Template) error {
	if err := x.check(); err != nil {
		return err
	}
	data := struct {
		HAProxy
		Refusals  []balancerRefusal
		ReadLimit int    // seconds to wait for a host's response
		Exposed   string // the headers that pages of other origins may read
	}{HAProxy: x, Refusals: balancerRefusals, Exposed: api.ExposedHeaders}
	for _, f := range t.Functions {
		if len(f.Routes) > 0 {
			data.ReadLimit = max(data.ReadLimit, readLimit(f)+connectLimit+1)
		}
	}
	text, err := template.New("haproxy.cfg").Funcs(template.FuncMap{
		"bind": bind, "hsts": func() string { return hsts },
		// The text as one word of HAProxy's, which nothing in it ends.
		"literal": func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" },
	}).Parse(haproxyText)
	if err != nil {
		return fmt.Errorf("render haproxy.cfg: %w", err)
	}
	return text.Execute(w, data)
}

// bind returns an address as HAProxy reads it: a port alone is that port of every address.
func bind(address string) string {
	if strings.Contains(address, ":") {
		return address
	}
	return ":" + address
}

func (x HAProxy) check() error {
	if len(x.Hosts) == 0 {
		return errors.New("name at least one host")
	}
	if x.Redirect != "" && x.Certificate == "" {
		return errors.New("a redirect to HTTPS needs a certificate")
	}
	names := map[string]bool{}
	for _, h := range x.Hosts {
		if !h.Address.IsValid() || !h.Health.IsValid() || h.Address.Addr().Zone()+h.Health.Addr().Zone() != "" {
			return errors.New("a host needs the IP addresses and ports of its nginx and of its health, without a zone")
		}
		if names[h.Name()] {
			return fmt.Errorf("the host %s is named twice", h.Name())
		}
		names[h.Name()] = true
	}
	if _, err := netip.ParseAddrPort(x.Metrics); err != nil && x.Metrics != "" {
		return fmt.Errorf("the address of metrics, %q, is no IP address and port", x.Metrics)
	}
	for _, word := range []string{x.Listen, x.Certificate, x.Redirect, x.Socket, x.User} {
		if !plain.MatchString(word) {
			return fmt.Errorf("%q is not a valid setting of HAProxy; use letters, digits and . _ / @ + , = : [ ] -",
				word)
		}
	}
	return nil
}
