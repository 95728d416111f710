package main

import (
	"bytes"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"minifb/shared/ops/bundle"
	"minifb/shared/ops/postgres"
	"minifb/shared/ops/render"
	"minifb/shared/testkit/programs"
	"minifb/shared/testkit/testdb"
)

// A small `make test-deploy TRIAL='-hosts 2'`. Deploys, reloads and restarts of hosts behind the balancer lose nothing,
// and the death of one loses only what it was serving.
func TestSeveralHostsLoseNothing(t *testing.T) {
	t.Parallel()
	owner := testdb.URL(t)
	functions, err := postgres.FunctionsURL(owner)
	if err != nil {
		t.Fatal(err)
	}
	site, err := newSite(t.Context(), bundle.Options{
		Source: "../..", Dir: programs.Folder(t), OwnerURL: owner, StartTimeout: 10 * time.Second, Logf: t.Logf,
		DatabaseURL: functions,
	}, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := site.stop(); err != nil {
			t.Error(err)
		}
	}()
	var out bytes.Buffer
	small := scenario{rate: 100, quiet: time.Second, deploys: 1, pause: 100 * time.Millisecond}
	if broken, err := small.runOnSite(t.Context(), site, &out); err != nil || len(broken) > 0 {
		t.Fatalf("%v, broken promises: %d\n%s", err, len(broken), out.String())
	}
	t.Log(out.String())
}

func TestAHostIsGoneWhenItRefusesConnections(t *testing.T) {
	t.Parallel()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	h := &siteHost{BalancedHost: render.BalancedHost{Address: netip.MustParseAddrPort(l.Addr().String())}}
	gone := make(chan error, 1)
	go func() { gone <- h.awaitGone(t.Context()) }()
	for range 3 { // it is asked again after it has accepted a connection
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
	}
	select {
	case err := <-gone:
		t.Fatalf("gone while it accepts connections: %v", err)
	default:
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-gone; err != nil {
		t.Error(err)
	}
}

func TestOnlyWhatAKilledHostServedMayBeLost(t *testing.T) {
	t.Parallel()
	killed := time.Now()
	for _, c := range []struct {
		sent time.Duration // after the host was killed
		what string
		lost bool
	}{
		{-time.Millisecond, "GET /post: 503 {}", true},
		{-time.Millisecond, `POST /post: Post "http://127.0.0.1/post": EOF`, true},
		{-time.Millisecond, `GET /post: unexpected EOF`, true},
		{-time.Millisecond, "GET /post: 500 {}", false},
		{time.Second, "GET /post: 503 {}", false},
		{time.Second, "GET /post: unexpected EOF", false},
	} {
		err := (&phase{failed: []failure{{at: killed.Add(c.sent), what: c.what}}}).lostBefore(killed)
		if (err == nil) != c.lost || err != nil && !strings.Contains(err.Error(), c.what) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
