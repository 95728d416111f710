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
	"testing"
	"time"

	"minifb/shared/ops/host"
	"minifb/shared/ops/render"
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

func TestTLSBehindALoadBalancer(t *testing.T) {
	t.Parallel()
	dir := root(t)
	if err := os.Mkdir(filepath.Join(dir, host.Run), 0o755); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", filepath.Join(dir, host.Run, "post.sock"))
	if err != nil {
		t.Fatal(err)
	}
	function := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("X-Forwarded-Proto"), " ", r.Header.Get("X-Forwarded-For"), " ", r.Host)
	})}
	go function.Serve(listener)
	t.Cleanup(func() { function.Close() })

	n := render.Nginx{Trust: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	var pool *x509.CertPool
	n.Certificate, n.Key, pool = certificate(t, dir)
	if n.Listen, err = host.FreePort(); err != nil {
		t.Fatal(err)
	}
	if n.Redirect, err = host.FreePort(); err != nil {
		t.Fatal(err)
	}
	nginx, err := host.StartNginx(dir, parse(t, template), n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nginx.Stop)

	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	client := http.Client{Transport: transport}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+n.Listen+"/post", nil)
	if err != nil {
		t.Fatal(err)
	}
	// The client sent the first address; the load balancer added the last.
	request.Header.Set("X-Forwarded-For", "6.6.6.6, 203.0.113.9")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(body); response.ProtoMajor != 2 || got != "https 203.0.113.9 "+n.Listen {
		t.Errorf("over %s the function received %q", response.Proto, got)
	}
	plain, text := send(t, n.Listen, ask("GET /post"))
	checkError(t, plain, text, 400, "HTTPS")
	moved, _ := send(t, n.Redirect, ask("GET /post?a=%2F"))
	location := moved.Header.Get("Location")
	if moved.StatusCode != 308 || location != "https://api.example/post?a=%2F" {
		t.Errorf("plain HTTP is redirected, with %d, to %q", moved.StatusCode, location)
	}
}
