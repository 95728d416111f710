package token

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

// A key is a JWK that check has accepted.
type key struct {
	id      string
	alg     jwa.SignatureAlgorithm // EdDSA or ES256
	raw     any                    // a key of crypto/ed25519 or crypto/ecdsa
	private bool
}

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

// GenerateKeys returns a new Ed25519 key: the private JWK for NewSigner, and a JWK set of its
// public half for NewVerifier. To rotate keys, add the new public key to every function's set, then
// sign with the new private key, and remove the old public key a Lifetime later.
func GenerateKeys() (privateJWK, publicSet string, err error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return "", "", fmt.Errorf("generate keys: %w", err)
	}
	secret, err := describe(private, jwa.EdDSA, "")
	if err != nil {
		return "", "", fmt.Errorf("generate keys: %w", err)
	}
	secretJSON, err := json.Marshal(secret)
	if err != nil {
		return "", "", fmt.Errorf("generate keys: %w", err)
	}
	set, err := publish([]key{{id: secret.KeyID(), alg: jwa.EdDSA, raw: public}})
	if err != nil {
		return "", "", fmt.Errorf("generate keys: %w", err)
	}
	return string(secretJSON), string(set), nil
}

// publish returns public keys as a JWK set in JSON. It uses nothing but the keys, so that no
// unknown member of a given set is published.
func publish(keys []key) ([]byte, error) {
	set := jwk.NewSet()
	for _, k := range keys {
		described, err := describe(k.raw, k.alg, k.id)
		if err != nil {
			return nil, err
		}
		if err := set.AddKey(described); err != nil {
			return nil, fmt.Errorf("add key %q to the set: %w", k.id, err)
		}
	}
	return json.Marshal(set)
}

// describe returns the JWK of a key. If id is empty, the JWK's kid is its RFC 7638 thumbprint.
func describe(raw any, alg jwa.SignatureAlgorithm, id string) (jwk.Key, error) {
	k, err := jwk.FromRaw(raw)
	if err != nil {
		return nil, fmt.Errorf("make a JWK: %w", err)
	}
	if id != "" {
		err = k.Set(jwk.KeyIDKey, id)
	} else {
		err = jwk.AssignKeyID(k)
	}
	err = errors.Join(err, k.Set(jwk.AlgorithmKey, alg), k.Set(jwk.KeyUsageKey, jwk.ForSignature))
	if err != nil {
		return nil, fmt.Errorf("make a JWK: %w", err)
	}
	return k, nil
}
