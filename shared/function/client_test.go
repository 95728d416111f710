package function

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"minifb/shared/api"
	"minifb/shared/config"
)

// clientHandler returns a handler whose responses are the address of the client.
func clientHandler(t *testing.T, trusted string) *Handler {
	t.Helper()
	var networks config.Networks
	if trusted != "" {
		if err := networks.UnmarshalText([]byte(trusted)); err != nil {
			t.Fatal(err)
		}
	}
	routes := func(a *api.API, _ Deps) {
		a.Handle("GET /client", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, api.ClientAddress(r.Context()))
		})
	}
	return NewHandler("test", routes, Deps{}, Settings{
		Timeout: time.Minute, TrustedProxies: networks, Log: slog.New(slog.DiscardHandler),
	})
}

// getClient returns the address that a function sees behind a listener, for a request with these
// lines in its header.
func getClient(t *testing.T, network, address, trusted string, lines ...string) string {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: clientHandler(t, trusted), ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	c, err := net.Dial(network, listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	head := append([]string{"GET /client HTTP/1.1", "Host: x", "Connection: close"}, lines...)
	if _, err := io.WriteString(c, strings.Join(head, "\r\n")+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// A proxy on this machine writes X-Forwarded-For.
func TestClientAddressOnUnixSocket(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"":                                      "invalid IP",
		"X-Forwarded-For:":                      "invalid IP",
		"X-Forwarded-For: 203.0.113.7":          "203.0.113.7",
		"X-Forwarded-For: 2001:db8::7":          "2001:db8::7",
		"X-Forwarded-For: ::ffff:10.1.2.3":      "10.1.2.3",
		"X-Forwarded-For: fe80::1%eth0":         "fe80::1",
		"X-Forwarded-For: unix:":                "invalid IP",
		"X-Forwarded-For: 6.6.6.6, 203.0.113.7": "203.0.113.7",
		"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 203.0.113.7": "203.0.113.7",
		"X-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6":             "invalid IP",
	} {
		socket := filepath.Join(t.TempDir(), "s")
		if got := getClient(t, "unix", socket, "", header); got != want {
			t.Errorf("%q: the client is %s, want %s", header, got, want)
		}
	}
}

// On TCP, the header counts only if trusted proxies have written it.
func TestClientAddressOnTCP(t *testing.T) {
	t.Parallel()
	const all = "127.0.0.0/8, 10.0.0.0/8, 2001:db8:1::/48"
	for _, c := range []struct{ trusted, header, want string }{
		{"", "", "127.0.0.1"},
		{"", "6.6.6.6", "127.0.0.1"},
		{"10.0.0.0/8", "6.6.6.6", "127.0.0.1"},
		{"127.0.0.1", "203.0.113.7", "203.0.113.7"},
		{"127.0.0.1", "6.6.6.6, 203.0.113.7", "203.0.113.7"},
		{"127.0.0.1", "6.6.6.6, 10.1.2.3", "10.1.2.3"},
		{all, "6.6.6.6, 203.0.113.7, 10.1.2.3", "203.0.113.7"},
		{all, "6.6.6.6,203.0.113.7:51000,10.1.2.3:443 , 10.9.9.9", "203.0.113.7"},
		{all, "6.6.6.6, 2001:db8::7, 2001:db8:1::9", "2001:db8::7"},
		{all, "6.6.6.6, [2001:db8::7]:443, 2001:db8:1::9", "2001:db8::7"},
		{all, "6.6.6.6, ::ffff:203.0.113.7, ::ffff:10.1.2.3", "203.0.113.7"},
		{all, "10.1.2.3, 10.1.2.4", "10.1.2.3"}, // a client within the trusted networks
		{all, "6.6.6.6, junk, 10.1.2.3", "10.1.2.3"},
		{all, "6.6.6.6, , 10.1.2.3", "10.1.2.3"},
		{all, "6.6.6.6, unknown", "127.0.0.1"},
		{all, "", "127.0.0.1"},
	} {
		if got := getClient(t, "tcp", "127.0.0.1:0", c.trusted, "X-Forwarded-For: "+c.header); got != c.want {
			t.Errorf("with %q trusted and %q forwarded, the client is %s, want %s", c.trusted, c.header, got, c.want)
		}
	}
}

func TestClientAddressOnLambda(t *testing.T) {
	t.Parallel()
	const v2 = `{"version":"2.0","rawPath":"/client","headers":{"x-forwarded-for":"6.6.6.6"},"requestContext":{"http":`
	const v1 = `{"path":"/client","httpMethod":"GET","headers":{"X-Forwarded-For":"6.6.6.6"},"requestContext":`
	const alb = `{"path":"/client","httpMethod":"GET","requestContext":{"elb":{}},"headers":{"x-forwarded-for":`
	for event, want := range map[string]string{
		v2 + `{"method":"GET","sourceIp":"203.0.113.7"}}}`: "203.0.113.7",
		v2 + `{"method":"GET","sourceIp":"2001:db8::7"}}}`: "2001:db8::7",
		v2 + `{"method":"GET"}}}`:                          "invalid IP",
		v1 + `{"identity":{"sourceIp":"203.0.113.7"}}}`:    "203.0.113.7",
		alb + `"6.6.6.6, 203.0.113.7"}}`:                   "203.0.113.7",
		alb + `"203.0.113.7"}}`:                            "203.0.113.7",
		alb + `"junk"}}`:                                   "invalid IP",
	} {
		for _, trusted := range []string{"", "203.0.113.0/24,2001:db8::/32"} {
			if got := invoke(t, newInvoker(clientHandler(t, trusted)), event).Body; got != want {
				t.Errorf("%s: with %q trusted, the client is %s, want %s", event, trusted, got, want)
			}
		}
	}
}
