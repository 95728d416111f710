package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

// A key is a JWK that check has accepted.
type key struct {
	id      string
	alg     jwa.SignatureAlgorithm // EdDSA or ES256
	raw     any                    // a key of crypto/ed25519 or crypto/ecdsa
	private bool

	// The times at which a private key was created, and from which it signs. They are zero if the
	// JWK has none.
	created, signsFrom time.Time
}

// Members of a private JWK, in seconds since 1970, as in a JWT.
const (
	createdMember   = "iat"
	signsFromMember = "nbf"
)

// check returns the key of a JWK, or an error if it cannot be used. The error holds nothing of the
// key but its id and its algorithm.
func check(k jwk.Key) (key, error) {
	c := key{id: k.KeyID()}
	if c.id == "" {
		return key{}, errors.New("the key has no kid")
	}
	if use := k.KeyUsage(); use != "" && use != string(jwk.ForSignature) {
		return key{}, fmt.Errorf("key %q is not for signatures: its use is not sig", c.id)
	}
	if err := k.Raw(&c.raw); err != nil {
		return key{}, fmt.Errorf("key %q is broken", c.id)
	}
	var valid bool
	switch raw := c.raw.(type) {
	case ed25519.PublicKey:
		c.alg, valid = jwa.EdDSA, len(raw) == ed25519.PublicKeySize
	case ed25519.PrivateKey: // jwk has checked that its halves match
		c.alg, c.private, valid = jwa.EdDSA, true, true
	case *ecdsa.PublicKey:
		_, err := raw.ECDH() // fails if the point is not on the curve
		c.alg, valid = jwa.ES256, raw.Curve == elliptic.P256() && err == nil
	case *ecdsa.PrivateKey:
		c.alg, c.private, valid = jwa.ES256, true, raw.Curve == elliptic.P256() && halvesMatch(raw)
	}
	if !valid {
		return key{}, fmt.Errorf("key %q is not a valid Ed25519 or P-256 key", c.id)
	}
	var ok1, ok2 bool
	c.created, ok1 = timeOf(k, createdMember)
	c.signsFrom, ok2 = timeOf(k, signsFromMember)
	if !ok1 || !ok2 {
		return key{}, fmt.Errorf("iat and nbf of key %q must be seconds since 1970", c.id)
	}
	// The algorithm is never inferred. Of a key without one, the token could choose it.
	if k.Algorithm().String() != c.alg.String() {
		return key{}, fmt.Errorf("the alg of key %q is not %s", c.id, c.alg)
	}
	return c, nil
}

func halvesMatch(k *ecdsa.PrivateKey) bool {
	private, err := k.ECDH()
	if err != nil {
		return false
	}
	public, err := k.PublicKey.ECDH()
	return err == nil && private.PublicKey().Equal(public)
}

// timeOf returns the time in a member of a JWK, which is zero if there is none, and whether it is
// well formed.
func timeOf(k jwk.Key, member string) (time.Time, bool) {
	value, ok := k.Get(member)
	if !ok {
		return time.Time{}, true
	}
	seconds, ok := value.(float64)
	if !ok || seconds < 0 || seconds > maxSeconds {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}

// maxSeconds is the end of the year 9999.
const maxSeconds = 253402300799

// publicHalf returns the public key of a private or a public one.
func (k key) publicHalf() key {
	if private, ok := k.raw.(crypto.Signer); ok {
		k.raw = private.Public()
	}
	return key{id: k.id, alg: k.alg, raw: k.raw}
}

// isPairOf reports whether public has the id of k, and is k or its public half.
func (k key) isPairOf(public key) bool {
	half, ok := k.publicHalf().raw.(interface {
		Equal(other crypto.PublicKey) bool
	})
	return ok && k.id == public.id && half.Equal(public.raw)
}

// parseKeys returns the keys of a JWK set, all of which are private or all of which are not. A
// single JWK counts as a set. The error holds nothing of the keys but their ids and algorithms.
func parseKeys(text []byte, private bool) ([]key, error) {
	kind, other := "public", "private"
	if private {
		kind, other = other, kind
	}
	set, err := jwk.Parse(text)
	if err != nil || !jsontext.Value(text).IsValid() { // jwk ignores duplicate members and trailing data
		return nil, fmt.Errorf("the %s keys are no JWK set", kind) // jwk's error may quote a key
	}
	var keys []key
	for i := range set.Len() {
		parsed, _ := set.Key(i)
		k, err := check(parsed)
		if err != nil {
			return nil, fmt.Errorf("key %d of the set: %w", i+1, err)
		}
		if k.private != private {
			return nil, fmt.Errorf("key %q is a %s one; name %s keys only", k.id, other, kind)
		}
		if slices.ContainsFunc(keys, func(k2 key) bool { return k2.id == k.id }) {
			return nil, fmt.Errorf("two keys of the set have the kid %q", k.id)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errors.New("the set holds no key")
	}
	return keys, nil
}

// marshalKeys returns keys as a JWK set in JSON. It uses nothing but the keys, so that no unknown
// member of a given set is published.
func marshalKeys(keys []key) ([]byte, error) {
	set := jwk.NewSet()
	for _, k := range keys {
		described, err := describe(k)
		if err != nil {
			return nil, err
		}
		if err := set.AddKey(described); err != nil {
			return nil, fmt.Errorf("add key %q to the set: %w", k.id, err)
		}
	}
	return json.Marshal(set)
}

// describe returns the JWK of a key. If it has no id, the JWK's kid is its RFC 7638 thumbprint.
func describe(k key) (jwk.Key, error) {
	described, err := jwk.FromRaw(k.raw)
	if err != nil {
		return nil, fmt.Errorf("make a JWK: %w", err)
	}
	if k.id != "" {
		err = described.Set(jwk.KeyIDKey, k.id)
	} else {
		err = jwk.AssignKeyID(described)
	}
	for member, t := range map[string]time.Time{createdMember: k.created, signsFromMember: k.signsFrom} {
		if !t.IsZero() {
			err = errors.Join(err, described.Set(member, t.Unix()))
		}
	}
	err = errors.Join(err, described.Set(jwk.AlgorithmKey, k.alg), described.Set(jwk.KeyUsageKey, jwk.ForSignature))
	if err != nil {
		return nil, fmt.Errorf("make a JWK: %w", err)
	}
	return described, nil
}
