package render_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"minifb/shared/ops/host"
	"minifb/shared/ops/render"
	"minifb/shared/testkit/programs"
)

// certificate writes a certificate of 127.0.0.1 and its key, and returns a pool that trusts it.
func certificate(t *testing.T, dir string) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	unsigned := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, unsigned, unsigned, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})
	if err := os.WriteFile(certFile, text, 0o600); err != nil {
		t.Fatal(err)
	}
	privateKey := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	if err := os.WriteFile(keyFile, privateKey, 0o600); err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return certFile, keyFile, pool
}

// startTLS runs nginx with TLS in front of post, and trusts two networks of proxies.
func startTLS(t *testing.T, redirect bool) (render.Nginx, *tls.Config, string) {
	t.Helper()
	dir := root(t)
	if err := os.Mkdir(filepath.Join(dir, host.Run), 0o755); err != nil {
		t.Fatal(err)
	}
	serve(t, dir, "post", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("X-Forwarded-Proto"), " ", r.Header.Get("X-Forwarded-For"), " ", r.Host)
	})
	n := render.Nginx{
		Listen: programs.FreeAddress(t),
		Trust:  []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.1.0.0/16")},
	}
	if redirect {
		n.Redirect = programs.FreeAddress(t)
	}
	var pool *x509.CertPool
	n.Certificate, n.Key, pool = certificate(t, dir)
	nginx, err := host.StartNginx(dir, parse(t, template), n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nginx.Stop)
	return n, &tls.Config{RootCAs: pool}, dir
}

// getTLS requests a URL with the X-Forwarded-For of the proxies, and returns the response and its body.
func getTLS(t *testing.T, config *tls.Config, url, forwarded string) (*http.Response, string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{
		TLSClientConfig: config, ForceAttemptHTTP2: true, DisableKeepAlives: true,
	}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Forwarded-For", forwarded)
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// The client is the last address that no trusted proxy has. What comes before it is the client's own claim.
func TestTLSBehindLoadBalancers(t *testing.T) {
	t.Parallel()
	n, config, _ := startTLS(t, true)
	for forwarded, client := range map[string]string{
		"203.0.113.9":                              "203.0.113.9",
		"6.6.6.6, 203.0.113.9":                     "203.0.113.9",
		"203.0.113.9, 10.1.2.3":                    "203.0.113.9", // two proxies
		"6.6.6.6, 203.0.113.9, 10.1.2.3":           "203.0.113.9",
		"10.1.9.9, 203.0.113.9, 10.1.2.3":          "203.0.113.9",
		"6.6.6.6, 203.0.113.9, 10.2.2.3":           "10.2.2.3", // it is not trusted
		"203.0.113.9, 6.6.6.6, 127.0.0.2":          "6.6.6.6",
		"6.6.6.6, 203.0.113.9, 10.1.2.3, 10.1.0.1": "203.0.113.9",
	} {
		response, got := getTLS(t, config, "https://"+n.Listen+"/post", forwarded)
		if want := "https " + client + " " + n.Listen; response.ProtoMajor != 2 || got != want {
			t.Errorf("%s: over %s the function received %q, want %q", forwarded, response.Proto, got, want)
		}
	}
	plain, text := send(t, n.Listen, ask("GET /post"))
	checkError(t, plain, text, 400, "HTTPS")
}

// With a redirect to HTTPS, each response over TLS tells browsers to use nothing else. Without one, none does.
func TestRedirectToHTTPS(t *testing.T) {
	t.Parallel()
	for _, redirect := range []bool{true, false} {
		n, config, _ := startTLS(t, redirect)
		want := ""
		if redirect {
			want = "max-age=31536000"
			moved, _ := send(t, n.Redirect, ask("GET /post?a=%2F"))
			location := moved.Header.Get("Location")
			if moved.StatusCode != 308 || location != "https://api.example/post?a=%2F" {
				t.Errorf("plain HTTP is redirected, with %d, to %q", moved.StatusCode, location)
			}
		}
		for path, status := range map[string]int{
			"/post": 200, "/nowhere": 404, "/comment": 404, "/gone": 503, "/backoffice": 403,
		} {
			response, _ := getTLS(t, config, "https://"+n.Listen+path, "203.0.113.9")
			got := strings.Join(response.Header["Strict-Transport-Security"], " and ")
			if response.StatusCode != status || got != want {
				t.Errorf("%.20s: %d, Strict-Transport-Security is %q, want %q", path, response.StatusCode, got, want)
			}
		}
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	n, config, dir := startTLS(t, false)
	for version, accepted := range map[uint16]bool{
		tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true,
	} {
		one := config.Clone()
		one.MinVersion, one.MaxVersion = version, version
		conn, err := tls.Dial("tcp", n.Listen, one)
		if err == nil {
			conn.Close()
		}
		if (err == nil) != accepted {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
	// The machine's OpenSSL may refuse old versions of its own accord, but another's may not.
	text, err := os.ReadFile(filepath.Join(dir, "nginx", "nginx.conf"))
	if err != nil || !strings.Contains(string(text), "\n\t\tssl_protocols TLSv1.2 TLSv1.3;\n") {
		t.Errorf("nginx.conf allows other versions of TLS: %v", err)
	}
}
