package token

import (
	"bytes"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"minifb/shared/reload"
)

func TestGenerateKeys(t *testing.T) {
	t.Parallel()
	f, g := newForger(t), newForger(t)
	if f.kid == g.kid || f.private.Equal(g.private) {
		t.Error("two calls returned the same key")
	}
	x := b64.EncodeToString(f.publicKey())
	thumbprint := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + x + `"}`))
	want := object{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "x": x,
		"kid": b64.EncodeToString(thumbprint[:])}
	if got := member(t, f.pubSet, 0); !maps.Equal(got, want) {
		t.Errorf("the public key is %v, want %v", got, want)
	}
	private := member(t, f.privateSet, 0)
	if !maps.Equal(private.but(object{"d": nil, "iat": nil, "nbf": nil}), want) || private["d"] == nil ||
		private["iat"] == nil || private["nbf"] != private["iat"] {
		t.Error("the private key is not the public one with d and its times")
	}
}

func TestPublicSetHoldsPublicMembersOnly(t *testing.T) {
	t.Parallel()
	f, c := newForger(t), newCurveKey(t, elliptic.P256(), "P-256", "ES256", "curve")
	okp := member(t, f.pubSet, 0)
	v := verifier(t, object{
		"keys": []object{
			okp.but(object{"note": "do not tell", "use": nil}),
			c.public().but(object{"key_ops": []string{"verify"}}),
		},
		"more": "do not tell",
	}.text())
	var got struct{ Keys []map[string]any }
	decoder := json.NewDecoder(bytes.NewReader(publicSet(t, v)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&got); err != nil {
		t.Fatal(err)
	}
	for i, want := range []object{okp, c.public()} {
		if !maps.Equal(got.Keys[i], want) {
			t.Errorf("key %d is %v, want %v", i, got.Keys[i], want)
		}
	}
	clear(publicSet(t, v))
	if !json.Valid(publicSet(t, v)) {
		t.Error("a caller can change the set")
	}
	if _, err := NewVerifier(reload.Text(" "+f.pubSet+"\n"), issuer, public); err != nil {
		t.Errorf("white space around the set: %v", err)
	}
	// The published set makes a verifier that accepts the same tokens.
	if got, err := verifier(t, string(publicSet(t, v))).Verify(f.with(nil, nil)); got != ann || err != nil {
		t.Errorf("a verifier made of the published set: got %+v, %v", got, err)
	}
}

func TestNewVerifierRefuses(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	okp := member(t, f.pubSet, 0)
	c := newCurveKey(t, elliptic.P256(), "P-256", "ES256", "curve")
	wide := newCurveKey(t, elliptic.P384(), "P-384", "ES384", "wide")
	other := newCurveKey(t, elliptic.P256(), "P-256", "ES256", "other")
	for name, bad := range map[string]string{
		"nothing":             "",
		"not JSON":            "keys",
		"null":                "null",
		"a list":              "[" + okp.text() + "]",
		"an empty object":     "{}",
		"an empty set":        `{"keys":[]}`,
		"keys not a list":     `{"keys":1}`,
		"trailing data":       f.pubSet + "x",
		"a duplicate member":  `{"keys":[],` + f.pubSet[1:],
		"no kid":              setOf(okp.but(object{"kid": nil})),
		"empty kid":           setOf(okp.but(object{"kid": ""})),
		"kid twice":           setOf(okp, c.public().but(object{"kid": f.kid})),
		"no alg":              setOf(okp.but(object{"alg": nil})),
		"one without alg":     setOf(okp, c.public().but(object{"alg": nil})),
		"alg none":            setOf(okp.but(object{"alg": "none"})),
		"alg of another kind": setOf(okp.but(object{"alg": "ES256"})),
		"alg HS256":           setOf(okp.but(object{"alg": "HS256"})),
		"alg EdDSA for P-256": setOf(c.public().but(object{"alg": "EdDSA"})),
		"for encryption":      setOf(okp.but(object{"use": "enc"})),
		"unknown kty":         setOf(okp.but(object{"kty": "ABC"})),
		"symmetric":           setOf(object{"kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "s"}),
		"RSA": setOf(object{"kty": "RSA", "n": b64.EncodeToString(bytes.Repeat([]byte{255}, 256)),
			"e": "AQAB", "alg": "RS256", "kid": "r"}),
		"X25519":                setOf(okp.but(object{"crv": "X25519"})),
		"P-384":                 setOf(wide.public()),
		"P-384 as ES256":        setOf(wide.public().but(object{"alg": "ES256"})),
		"Ed25519 cut short":     setOf(okp.but(object{"x": "AAAA"})),
		"off the curve":         setOf(c.public().but(object{"y": other.jwk["y"]})),
		"x out of range":        setOf(c.public().but(object{"x": b64.EncodeToString(bytes.Repeat([]byte{255}, 33))})),
		"a private Ed25519 key": setOf(okp, privateOf(t, f).but(object{"kid": "private"})),
		"a private P-256 key":   setOf(okp, c.jwk),
		"a lone private key":    privateOf(t, f).text(),
		"a private set":         f.privateSet,
	} {
		v, err := NewVerifier(reload.Text(bad), issuer, public)
		if err == nil || v != nil {
			t.Errorf("%s is accepted", name)
			continue
		}
		refuseLeak(t, name, err, privateOf(t, f), c.jwk)
	}
	for _, c := range []struct{ issuer, audience string }{{"", public}, {issuer, ""}} {
		if _, err := NewVerifier(reload.Text(f.pubSet), c.issuer, c.audience); err == nil {
			t.Errorf("issuer %q and audience %q are accepted", c.issuer, c.audience)
		}
	}
}

func TestNewSignerRefuses(t *testing.T) {
	t.Parallel()
	f, other := newForger(t), newForger(t)
	okp := privateOf(t, f)
	c := newCurveKey(t, elliptic.P256(), "P-256", "ES256", "curve")
	stranger := newCurveKey(t, elliptic.P256(), "P-256", "ES256", "stranger")
	wide := newCurveKey(t, elliptic.P384(), "P-384", "ES384", "wide")
	for name, bad := range map[string]string{
		"nothing":              "",
		"not JSON":             "-----BEGIN PRIVATE KEY-----",
		"an empty set":         `{"keys":[]}`,
		"kid twice":            setOf(okp, c.jwk.but(object{"kid": f.kid})),
		"with a public key":    setOf(okp, c.public()),
		"trailing data":        f.privateSet + "x",
		"a duplicate member":   `{"kid":"other",` + okp.text()[1:],
		"nbf no number":        okp.but(object{"nbf": "1"}).text(),
		"nbf negative":         okp.but(object{"nbf": -1}).text(),
		"iat too large":        okp.but(object{"iat": 1e300}).text(),
		"a public key":         okp.but(object{"d": nil}).text(),
		"a public P-256 key":   c.public().text(),
		"no kid":               okp.but(object{"kid": nil}).text(),
		"no alg":               okp.but(object{"alg": nil}).text(),
		"no alg, P-256":        c.jwk.but(object{"alg": nil}).text(),
		"another alg":          okp.but(object{"alg": "ES256"}).text(),
		"for encryption":       okp.but(object{"use": "enc"}).text(),
		"another's x":          okp.but(object{"x": privateOf(t, other)["x"]}).text(),
		"d cut short":          okp.but(object{"d": "AAAA"}).text(),
		"d not base64url":      okp.but(object{"d": okp["d"].(string) + "!"}).text(),
		"another's d, P-256":   c.jwk.but(object{"d": stranger.jwk["d"]}).text(),
		"d zero, P-256":        c.jwk.but(object{"d": b64.EncodeToString(make([]byte, 32))}).text(),
		"d too large, P-256":   c.jwk.but(object{"d": b64.EncodeToString(bytes.Repeat([]byte{255}, 32))}).text(),
		"off the curve, P-256": c.jwk.but(object{"y": stranger.jwk["y"]}).text(),
		"P-384":                wide.jwk.text(),
		"symmetric":            object{"kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "s"}.text(),
	} {
		s, err := NewSigner(reload.Text(bad), issuer, public)
		if err == nil || s != nil {
			t.Errorf("%s is accepted", name)
			continue
		}
		refuseLeak(t, name, err, okp, c.jwk, stranger.jwk)
	}
	for _, c := range []struct{ issuer, audience string }{{"", public}, {issuer, ""}} {
		if _, err := NewSigner(reload.Text(f.privateSet), c.issuer, c.audience); err == nil {
			t.Errorf("issuer %q and audience %q are accepted", c.issuer, c.audience)
		}
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	old, next, curve := newForger(t), newForger(t), newCurveKey(t, elliptic.P256(), "P-256", "ES256", "curve")
	both := verifier(t, setOf(member(t, old.pubSet, 0), member(t, next.pubSet, 0), curve.public()))
	after := verifier(t, setOf(member(t, next.pubSet, 0), curve.public()))
	for name, c := range map[string]struct {
		privateSet string
		stays      bool
	}{"old": {old.privateSet, false}, "next": {next.privateSet, true}, "curve": {curve.jwk.text(), true}} {
		token, err := signer(t, c.privateSet).Sign(ann)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := both.Verify(token); got != ann || err != nil {
			t.Errorf("%s, with both keys: got %+v, %v", name, got, err)
		}
		if got, err := after.Verify(token); (got == ann) != c.stays || (err == nil) != c.stays {
			t.Errorf("%s, without the old key: got %+v, %v", name, got, err)
		}
	}
}

func publicSet(t *testing.T, v *Verifier) []byte {
	t.Helper()
	set, err := v.PublicSet()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func privateOf(t *testing.T, f forger) object {
	t.Helper()
	return object{
		"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": f.kid,
		"x": b64.EncodeToString(f.publicKey()), "d": b64.EncodeToString(f.private.Seed()),
	}
}

func refuseLeak(t *testing.T, name string, err error, keys ...object) {
	t.Helper()
	if slices.ContainsFunc(keys, func(k object) bool { return strings.Contains(err.Error(), k["d"].(string)) }) {
		t.Errorf("%s: the error holds a private key", name)
	}
}
