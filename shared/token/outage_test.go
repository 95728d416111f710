package token

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"minifb/shared/reload"
)

// A verifier whose keys come from a URL, which is out of reach at first, and again later.
func TestAURLOutage(t *testing.T) {
	t.Parallel()
	var set atomic.Value // what the URL returns; empty: 503
	var requests atomic.Int64
	set.Store("")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		if set.Load() == "" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = w.Write([]byte(set.Load().(string)))
	}))
	t.Cleanup(server.Close)
	source, err := reload.URL(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ring, _ := newRing(t)
		sign := func() string {
			s, err := NewSigner(reload.Text(text(t, ring.Private)), issuer, public)
			if err != nil {
				t.Fatal(err)
			}
			signed, err := s.Sign(ann)
			if err != nil {
				t.Fatal(err)
			}
			return signed
		}
		v, err := NewVerifier(source, issuer, public)
		if err != nil || !v.FromURL() {
			t.Fatalf("a start during the outage: %v", err)
		}
		_, err = v.Verify(sign())
		if !errors.Is(v.Ready(), ErrNoKeys) || !errors.Is(err, ErrNoKeys) || errors.Is(err, ErrInvalid) {
			t.Errorf("without keys: %v; Ready: %v", err, v.Ready())
		}
		accepts := func(when string) {
			t.Helper()
			if _, err := v.Verify(sign()); err != nil || v.Ready() != nil {
				t.Errorf("%s: %v", when, err)
			}
		}
		set.Store(text(t, ring.Public))
		time.Sleep(10 * time.Second)
		accepts("after the outage")

		set.Store("")
		time.Sleep(time.Hour)
		accepts("in the second outage")

		id := ring.mustAdd(t, 0)
		set.Store(text(t, ring.Public))
		time.Sleep(10 * time.Second)
		accepts("a key that is new")

		// Forged kids do not make it call the URL again and again.
		before := requests.Load()
		for range 50 {
			if _, err := v.Verify(newForger(t).with(nil, nil)); !errors.Is(err, ErrInvalid) {
				t.Errorf("a forged kid: %v", err)
			}
		}
		if n := requests.Load() - before; n > 1 {
			t.Errorf("50 forged kids made %d requests", n)
		}

		// A private key that appears at the URL is refused, and the good keys stay.
		set.Store(text(t, ring.Private))
		time.Sleep(5 * time.Minute)
		accepts("while the URL returns private keys")
		if id == "" || strings.Contains(text(t, v.PublicSet), `"d"`) {
			t.Error("a private key is published")
		}
	})
}
