package token

import (
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"minifb/shared/reload"
)

func TestSignedTokenReadsAsRFC9068(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	s := signer(t, f.privateSet)
	ids := map[any]bool{}
	for range 3 {
		token, err := s.Sign(ann)
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(token, ".")
		signature, err := b64.DecodeString(parts[2])
		if err != nil || !ed25519.Verify(f.publicKey(), []byte(parts[0]+"."+parts[1]), signature) {
			t.Errorf("the signature is not valid: %v", err)
		}
		var header, claims object
		for i, into := range []*object{&header, &claims} {
			text, err := b64.DecodeString(parts[i])
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, into); err != nil {
				t.Fatal(err)
			}
		}
		if !maps.Equal(header, f.header()) {
			t.Errorf("the header is %v", header)
		}
		id, _ := claims["jti"].(string)
		want := payload().but(object{"jti": id, "iat": float64(noon.Unix()), "exp": float64(noon.Unix() + 300)})
		if !maps.Equal(claims, want) || len(id) < 20 || ids[id] {
			t.Errorf("the claims are %v, want %v and any jti", claims, want)
		}
		ids[id] = true
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	for _, c := range []Claims{
		{}, {UserUID: 0, SessionID: session}, {UserUID: -1, SessionID: session}, {UserUID: 1},
		{UserUID: 1, SessionID: "current"}, {UserUID: 1, SessionID: strings.ToUpper(session)},
	} {
		if token, err := signer(t, f.privateSet).Sign(c); err == nil || token != "" {
			t.Errorf("%+v was signed", c)
		}
	}
	long, err := NewSigner(reload.Text(f.privateSet), strings.Repeat("i", MaxLength), public)
	if err != nil {
		t.Fatal(err)
	}
	if token, err := long.Sign(ann); err == nil || token != "" {
		t.Error("a token too long to be verified was signed")
	}
}

func TestES256(t *testing.T) {
	t.Parallel()
	c := newCurveKey(t, elliptic.P256(), "P-256", "ES256", "curve")
	v := verifier(t, setOf(c.public()))
	for range 20 { // the numbers of some signatures have leading zeros
		token, err := signer(t, c.jwk.text()).Sign(ann)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := v.Verify(token); got != ann || err != nil {
			t.Fatalf("signed by a Signer: got %+v, %v", got, err)
		}
	}
	header := object{"alg": "ES256", "typ": "at+jwt", "kid": "curve"}
	if got, err := v.Verify(c.encode(t, header.text(), payload().text())); got != ann || err != nil {
		t.Errorf("signed by the test: got %+v, %v", got, err)
	}
	stranger := newCurveKey(t, elliptic.P256(), "P-256", "ES256", "curve")
	for name, bad := range map[string]string{
		"another's key": stranger.encode(t, header.text(), payload().text()),
		"alg EdDSA":     c.encode(t, header.but(object{"alg": "EdDSA"}).text(), payload().text()),
		"alg none":      c.encode(t, header.but(object{"alg": "none"}).text(), payload().text()),
		"expired":       c.encode(t, header.text(), payload().but(object{"iat": 1, "exp": 2}).text()),
	} {
		if got, err := v.Verify(bad); !errors.Is(err, ErrInvalid) || got != (Claims{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestLifetime(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	token, err := signer(t, f.privateSet).Sign(ann)
	if err != nil {
		t.Fatal(err)
	}
	for after, valid := range map[time.Duration]bool{
		-time.Minute: false, -Leeway - time.Second: false, -Leeway: true, 0: true, time.Minute: true,
		Lifetime - time.Second: true, Lifetime - time.Nanosecond: true, Lifetime: false, Lifetime + Leeway: false,
		24 * time.Hour: false,
	} {
		v := f.verifier(t)
		v.now = func() time.Time { return noon.Add(after) }
		if _, err := v.Verify(token); (err == nil) != valid {
			t.Errorf("%v after it was signed: got %v, want valid: %t", after, err, valid)
		}
	}
}

// The other tests set the clocks.
func TestRealClock(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	s, err := NewSigner(reload.Text(f.privateSet), issuer, public)
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVerifier(reload.Text(f.pubSet), issuer, public)
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.Sign(ann)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := v.Verify(token); got != ann || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	f, c := newForger(t), newCurveKey(t, elliptic.P256(), "P-256", "ES256", "curve")
	v := verifier(t, setOf(member(t, f.pubSet, 0), c.public()))
	var all sync.WaitGroup
	for _, s := range []*Signer{signer(t, f.privateSet), signer(t, c.jwk.text())} {
		for uid := range int64(8) {
			all.Go(func() {
				want := Claims{UserUID: uid + 1, SessionID: session}
				token, err := s.Sign(want)
				if err != nil {
					t.Error(err)
				}
				if got, err := v.Verify(token); got != want || err != nil {
					t.Errorf("got %+v, %v, want %+v", got, err, want)
				}
			})
		}
	}
	all.Wait()
}

// BenchmarkVerify verifies a token that the verifier remembers, and one that it has not seen.
func BenchmarkVerify(b *testing.B) {
	f := newForger(b)
	v, token := f.verifier(b), f.with(nil, nil)
	keys, err := v.keys.Get()
	if err != nil {
		b.Fatal(err)
	}
	for name, forget := range map[string]func(){"remembered": func() {}, "new": keys.valid.Purge} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				forget()
				if _, err := v.Verify(token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
