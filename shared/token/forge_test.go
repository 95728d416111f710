package token

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"testing"
	"time"

	"minifb/shared/reload"
)

const (
	issuer, public = "minifb", "minifb-api"
	session        = "6f1c2b7e-09aa-4c1d-8e55-0123456789ab"
)

var (
	noon    = time.Unix(1_800_000_000, 0)
	b64     = base64.RawURLEncoding
	ann     = Claims{UserUID: 42, SessionID: session}
	forever = func() time.Time { return noon }
)

// A forger signs any header and payload with a valid Ed25519 key. It does not use jwx.
type forger struct {
	private            ed25519.PrivateKey
	kid                string
	privateSet, pubSet string
}

func newForger(t testing.TB) forger {
	t.Helper()
	privateSet, set, err := GenerateKeys()
	if err != nil {
		t.Fatal(err)
	}
	k := member(t, privateSet, 0)
	seed, err := b64.DecodeString(k["d"].(string))
	if err != nil {
		t.Fatal(err)
	}
	return forger{ed25519.NewKeyFromSeed(seed), k["kid"].(string), privateSet, set}
}

func (f forger) publicKey() ed25519.PublicKey { return f.private.Public().(ed25519.PublicKey) }

// encode returns the token with this header and payload.
func (f forger) encode(header, payload string) string {
	signed := b64.EncodeToString([]byte(header)) + "." + b64.EncodeToString([]byte(payload))
	return signed + "." + b64.EncodeToString(ed25519.Sign(f.private, []byte(signed)))
}

type object map[string]any

// but returns a copy of the object with some members changed. A nil removes a member.
func (o object) but(changes object) object {
	changed := maps.Clone(o)
	for name, value := range changes {
		changed[name] = value
		if value == nil {
			delete(changed, name)
		}
	}
	return changed
}

func (o object) text() string {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (f forger) header() object { return object{"alg": "EdDSA", "typ": "at+jwt", "kid": f.kid} }

func payload() object {
	return object{
		"iss": issuer, "aud": public, "sub": "42", "sid": session, "jti": "one",
		"iat": noon.Unix(), "exp": noon.Unix() + 300,
	}
}

// with returns a valid token with these changes.
func (f forger) with(header, claims object) string {
	return f.encode(f.header().but(header).text(), payload().but(claims).text())
}

func (f forger) verifier(t testing.TB) *Verifier {
	t.Helper()
	return verifier(t, f.pubSet)
}

func verifier(t testing.TB, set string) *Verifier {
	t.Helper()
	v, err := NewVerifier(reload.Text(set), issuer, public)
	if err != nil {
		t.Fatal(err)
	}
	v.now = forever
	return v
}

func signer(t testing.TB, privateSet string) *Signer {
	t.Helper()
	s, err := NewSigner(reload.Text(privateSet), issuer, public)
	if err != nil {
		t.Fatal(err)
	}
	s.now = forever
	return s
}

// A curveKey is an ECDSA key, and its JWK, which is made without jwx.
type curveKey struct {
	private *ecdsa.PrivateKey
	jwk     object
}

func newCurveKey(t testing.TB, curve elliptic.Curve, crv, alg, kid string) curveKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := k.PublicKey.Bytes() // 4, x, y
	if err != nil {
		t.Fatal(err)
	}
	d, err := k.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	half := len(point) / 2
	return curveKey{k, object{
		"kty": "EC", "crv": crv, "alg": alg, "kid": kid, "use": "sig",
		"x": b64.EncodeToString(point[1 : half+1]), "y": b64.EncodeToString(point[half+1:]), "d": b64.EncodeToString(d),
	}}
}

func (c curveKey) public() object { return c.jwk.but(object{"d": nil}) }

// encode returns the token with this header and payload, signed with ES256.
func (c curveKey) encode(t testing.TB, header, payload string) string {
	t.Helper()
	signed := b64.EncodeToString([]byte(header)) + "." + b64.EncodeToString([]byte(payload))
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, c.private, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	var signature [64]byte
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + b64.EncodeToString(signature[:])
}

// member returns one key of a JWK set.
func member(t testing.TB, set string, i int) object {
	t.Helper()
	var s struct{ Keys []object }
	if err := json.Unmarshal([]byte(set), &s); err != nil {
		t.Fatal(err)
	}
	return s.Keys[i]
}

func setOf(keys ...object) string { return object{"keys": keys}.text() }
