package token

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"minifb/shared/reload"
)

func newRing(t *testing.T) (r *Ring, id string) {
	t.Helper()
	r = &Ring{}
	id, err := r.Add(time.Now(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return r, id
}

func (r *Ring) mustAdd(t *testing.T, delay time.Duration) (id string) {
	t.Helper()
	id, err := r.Add(time.Now(), time.Now().Add(delay))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func text(t *testing.T, marshal func() ([]byte, error)) string {
	t.Helper()
	set, err := marshal()
	if err != nil {
		t.Fatal(err)
	}
	return string(set)
}

// kidOf returns the kid of a new token, which v must accept.
func kidOf(t *testing.T, s *Signer, v *Verifier) string {
	t.Helper()
	signed, err := s.Sign(ann)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(signed); err != nil {
		t.Errorf("a new token is refused: %v", err)
	}
	header, err := b64.DecodeString(strings.Split(signed, ".")[0])
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(header), `"kid":"`)
	kid, _, _ := strings.Cut(rest, `"`)
	return kid
}

// A rotation as scripts/keys does it: the files change under a signer and a verifier.
func TestARotationThroughFiles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ring, old := newRing(t)
		private, public := filepath.Join(t.TempDir(), "private"), filepath.Join(t.TempDir(), "public")
		write := func(path string, marshal func() ([]byte, error)) {
			if err := os.WriteFile(path, []byte(text(t, marshal)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(public, ring.Public)
		write(private, ring.Private)
		v, err := NewVerifier(reload.File(public), issuer, "audience")
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewSigner(reload.File(private), issuer, "audience")
		if err != nil {
			t.Fatal(err)
		}
		s.SignFor(v)
		check := func(when, want string) {
			t.Helper()
			if got := kidOf(t, s, v); got != want {
				t.Errorf("%s: signed with %s, want %s", when, got, want)
			}
		}
		check("at first", old)

		next := ring.mustAdd(t, 30*time.Second)
		write(private, ring.Private)
		time.Sleep(29 * time.Second)
		check("before its time", old)
		time.Sleep(2 * time.Second)
		check("before it is published", old)
		write(public, ring.Public)
		time.Sleep(10 * time.Second)
		_ = v.Ready() // a request reads the public keys
		check("at its time", next)

		if err := ring.Remove(old, time.Now()); err != nil {
			t.Fatal(err)
		}
		write(private, ring.Private)
		write(public, ring.Public)
		time.Sleep(10 * time.Second)
		check("once the former key is retired", next)
	})
}

func TestSigningTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ring, first := newRing(t)
		second, third := ring.mustAdd(t, time.Hour), ring.mustAdd(t, time.Minute)
		signs := func(want string) {
			t.Helper()
			v := verifier(t, text(t, ring.Public))
			s, err := NewSigner(reload.Text(text(t, ring.Private)), issuer, public)
			if err != nil {
				t.Fatal(err)
			}
			v.now = time.Now
			if got := kidOf(t, s, v); got != want {
				t.Errorf("after %v: signed with %s, want %s", time.Now(), got, want)
			}
			for _, k := range ring.Keys(time.Now()) {
				if k.Signs != (k.ID == want) {
					t.Errorf("the ring says of %s: signs %v, want %v", k.ID, k.Signs, !k.Signs)
				}
			}
		}
		signs(first)
		time.Sleep(time.Minute)
		signs(third)
		time.Sleep(time.Hour)
		signs(second)

		// If the time of none has come, one signs from now on.
		next := ring.mustAdd(t, time.Hour)
		for _, id := range []string{first, second, third} {
			if err := ring.Remove(id, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		signs(next)
		if keys := ring.Keys(time.Now()); len(keys) != 1 || keys[0].SignsFrom.After(time.Now()) {
			t.Errorf("the keys are %+v", keys)
		}
		if err := ring.Remove(next, time.Now()); err == nil {
			t.Error("the only key was removed")
		}
	})
}

func TestASignerSignsOnlyForItsVerifier(t *testing.T) {
	t.Parallel()
	f, other := newForger(t), newForger(t)
	s := signer(t, setOf(privateOf(t, f), privateOf(t, other).but(object{"nbf": 1})))
	s.SignFor(f.verifier(t))
	if got := kidOf(t, s, f.verifier(t)); got != f.kid {
		t.Errorf("signed with %s, want %s", got, f.kid)
	}
	s.SignFor(verifier(t, setOf(member(t, other.pubSet, 0).but(object{"kid": f.kid}))))
	if token, err := s.Sign(ann); err == nil || token != "" {
		t.Errorf("a key was used whose kid names another public key: %v", err)
	}
}

func TestParseRing(t *testing.T) {
	t.Parallel()
	f, other := newForger(t), newForger(t)
	plain := privateOf(t, f) // a single JWK without times, as older versions wrote it
	both := setOf(member(t, f.pubSet, 0), member(t, other.pubSet, 0))
	ring, err := ParseRing([]byte(plain.text()), []byte(both))
	if err != nil {
		t.Fatal(err)
	}
	keys := ring.Keys(noon)
	if len(keys) != 2 || keys[0] != (RingKey{ID: f.kid, Private: true, Signs: true}) ||
		keys[1] != (RingKey{ID: other.kid}) {
		t.Errorf("the keys are %+v", keys)
	}
	if got := text(t, ring.Private); got != setOf(plain) {
		t.Errorf("the private keys are changed")
	}
	if v := verifier(t, text(t, ring.Public)); len(member(t, text(t, v.PublicSet), 1)) == 0 {
		t.Error("a public key is lost")
	}
	if err := ring.Remove(other.kid, noon); err != nil || len(ring.Keys(noon)) != 1 {
		t.Errorf("a public key cannot be removed: %v", err)
	}
	for _, bad := range [][2]string{
		{"x", f.pubSet}, {f.pubSet, f.pubSet}, {f.privateSet, f.privateSet}, {f.privateSet, "x"},
		{"", f.pubSet}, {f.privateSet, ""}, {f.privateSet, other.pubSet},
		{f.privateSet, setOf(member(t, other.pubSet, 0).but(object{"kid": f.kid}))},
		{setOf(plain, privateOf(t, other)), f.pubSet},
	} {
		if _, err := ParseRing([]byte(bad[0]), []byte(bad[1])); err == nil {
			t.Error("keys that are malformed, or do not belong together, are accepted")
		} else {
			refuseLeak(t, "a malformed ring", err, plain)
		}
	}
}

// What is accepted can be written and read again, and no private key becomes public.
func FuzzParseRing(f *testing.F) {
	k := newForger(f)
	f.Add(k.privateSet, k.pubSet)
	f.Add(member(f, k.privateSet, 0).but(object{"nbf": nil}).text(), k.pubSet)
	f.Add("", k.pubSet)
	f.Add(`{"keys":[{"kty":"EC","crv":"P-256","nbf":1e300}]}`, "")
	f.Fuzz(func(t *testing.T, privateSet, publicSet string) {
		ring, err := ParseRing([]byte(privateSet), []byte(publicSet))
		if err != nil {
			return
		}
		private, err1 := ring.Private()
		public, err2 := ring.Public()
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		again, err := ParseRing(private, public)
		if err != nil || !slices.Equal(again.Keys(noon), ring.Keys(noon)) {
			t.Errorf("written and read again: %v", err)
		}
		if strings.Contains(string(public), `"d":`) {
			t.Error("a private key is public")
		}
	})
}
