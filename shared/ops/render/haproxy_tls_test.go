package render_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"minifb/shared/ops/render"
	"minifb/shared/testkit/programs"
)

// With a certificate the balancer serves HTTP/2 and new versions of TLS only.
func TestBalancerTLS(t *testing.T) {
	t.Parallel()
	dir := root(t)
	x := render.HAProxy{Redirect: programs.FreeAddress(t), Metrics: programs.FreeAddress(t)}
	certificate, key, pool := certificate(t, dir)
	if err := os.Rename(key, certificate+".key"); err != nil {
		t.Fatal(err)
	}
	x.Certificate = certificate
	h := serverHost(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Header.Get("X-Forwarded-For"))
	})
	_, address := balance(t, x, h.BalancedHost)
	config := &tls.Config{RootCAs: pool}
	response, body := getTLS(t, config, "https://"+address+"/post", "6.6.6.6")
	if response.ProtoMajor != 2 || body != "127.0.0.1" {
		t.Errorf("over %s the host received the address %q", response.Proto, body)
	}
	if got := response.Header.Get("Strict-Transport-Security"); got != "max-age=31536000" {
		t.Errorf("Strict-Transport-Security is %q", got)
	}
	moved, _ := send(t, x.Redirect, ask("GET /post?a=%2F"))
	if to := moved.Header.Get("Location"); moved.StatusCode != 308 || to != "https://api.example/post?a=%2F" {
		t.Errorf("plain HTTP is redirected, with %d, to %q", moved.StatusCode, to)
	}
	for version, accepted := range map[uint16]bool{
		tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true,
	} {
		one := config.Clone()
		one.MinVersion, one.MaxVersion = version, version
		conn, err := tls.Dial("tcp", address, one)
		if err == nil {
			conn.Close()
		}
		if (err == nil) != accepted {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
	response, body = send(t, x.Metrics, ask("GET /metrics"))
	if !strings.Contains(body, `haproxy_server_status{proxy="minifb",server="`+h.Name()+`",state="UP"} 1`) {
		t.Errorf("GET /metrics: %d %.500s", response.StatusCode, body)
	}
	if response, _ := send(t, x.Metrics, ask("GET /")); response.StatusCode != http.StatusNotFound {
		t.Errorf("GET / at the address of the metrics: %d, want 404", response.StatusCode)
	}
}
