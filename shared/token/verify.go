package token

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// ErrInvalid is wrapped by every error of Verify. The error's text says what is wrong, and holds
// nothing of the token.
var ErrInvalid = errors.New("the access token is not valid")

func invalid(reason string) error { return fmt.Errorf("%w: %s", ErrInvalid, reason) }

// A Verifier verifies tokens. It is safe for concurrent use.
type Verifier struct {
	keys             map[string]key // by kid
	set              []byte
	issuer, audience string
	now              func() time.Time
}

// NewVerifier returns a verifier with the public keys of a JWK set: Ed25519 keys with alg EdDSA,
// and P-256 keys with alg ES256. Each must have alg, and a kid that no other has. A single JWK
// counts as a set. NewVerifier returns an error if the set is empty or has a private key.
func NewVerifier(publicSet, issuer, audience string) (*Verifier, error) {
	if issuer == "" || audience == "" {
		return nil, errors.New("new verifier: name an issuer and an audience")
	}
	set, err := jwk.ParseString(publicSet)
	if err != nil || !jsontext.Value(publicSet).IsValid() { // jwk ignores duplicate members and trailing data
		return nil, errors.New("new verifier: the public keys are no JWK set") // jwk's error may quote a key
	}
	v := &Verifier{keys: make(map[string]key), issuer: issuer, audience: audience, now: time.Now}
	var public []key
	for i := range set.Len() {
		parsed, _ := set.Key(i)
		k, err := check(parsed)
		if err != nil {
			return nil, fmt.Errorf("new verifier: key %d of the set: %w", i+1, err)
		}
		if k.private {
			return nil, fmt.Errorf("new verifier: key %q is a private one; name public keys only", k.id)
		}
		if _, twice := v.keys[k.id]; twice {
			return nil, fmt.Errorf("new verifier: two keys of the set have the kid %q", k.id)
		}
		v.keys[k.id] = k
		public = append(public, k)
	}
	if len(public) == 0 {
		return nil, errors.New("new verifier: the set holds no key")
	}
	if v.set, err = publish(public); err != nil {
		return nil, fmt.Errorf("new verifier: %w", err)
	}
	return v, nil
}

// PublicSet returns the keys as a JWK set in JSON. Each has kid, alg, use, and its public members.
func (v *Verifier) PublicSet() []byte { return bytes.Clone(v.set) }

// Verify returns the claims of a valid token. It does not know whether the session is revoked.
func (v *Verifier) Verify(token string) (Claims, error) {
	payload, err := v.open(token)
	if err != nil {
		return Claims{}, err
	}
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return Claims{}, invalid("its claims are malformed")
	}
	uid, ok := userUID(c.Subject)
	now := v.now()
	soon := now.Add(Leeway).Unix()
	switch {
	case c.Issuer != v.issuer:
		err = invalid("another issuer made it")
	case !slices.Contains(c.Audience, v.audience):
		err = invalid("it is for another audience")
	case c.IssuedAt == nil || c.ExpiresAt == nil:
		err = invalid("iat or exp is missing")
	case *c.IssuedAt < 0 || *c.ExpiresAt <= *c.IssuedAt || *c.ExpiresAt-*c.IssuedAt > int64(Lifetime/time.Second):
		err = invalid("its lifetime is too long, or not positive")
	case *c.IssuedAt > soon:
		err = invalid("it was issued in the future")
	case c.NotBefore != nil && *c.NotBefore > soon:
		err = invalid("it is not valid yet")
	case now.Unix() >= *c.ExpiresAt:
		err = invalid("it has expired")
	case !ok:
		err = invalid("its sub is malformed")
	case !isUUID(c.SessionID):
		err = invalid("its sid is malformed")
	case c.TokenID == "":
		err = invalid("jti is missing")
	}
	if err != nil {
		return Claims{}, err
	}
	return Claims{UserUID: uid, SessionID: c.SessionID, MustChangePassword: c.MustChangePassword}, nil
}

// open verifies everything but the claims, and returns the claims' JSON. It checks the encoding and
// the header itself, before the signature: jws also accepts padding, white space, JSON
// serialisation, duplicate members and unknown extensions.
func (v *Verifier) open(token string) ([]byte, error) {
	if len(token) > MaxLength {
		return nil, invalid("it is too long")
	}
	parts := strings.SplitN(token, ".", 4)
	if len(parts) != 3 {
		return nil, invalid("it does not have three parts")
	}
	var decoded [3][]byte
	for i, part := range parts {
		var err error
		decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(part)
		if err != nil || strings.ContainsAny(part, "\r\n") { // the decoder ignores line breaks
			return nil, invalid("a part of it is not base64url")
		}
	}
	var header struct {
		Algorithm string         `json:"alg"`
		Type      string         `json:"typ"`
		KeyID     string         `json:"kid"`
		Critical  jsontext.Value `json:"crit"`
		Base64    jsontext.Value `json:"b64"`
	}
	if err := json.Unmarshal(decoded[0], &header); err != nil {
		return nil, invalid("its header is malformed")
	}
	k, known := v.keys[header.KeyID]
	switch {
	case header.Critical != nil || header.Base64 != nil:
		return nil, invalid("its header has an unknown extension")
	case !strings.EqualFold(header.Type, tokenType) && !strings.EqualFold(header.Type, "JWT"):
		return nil, invalid("its typ is that of another kind of token")
	case !known:
		return nil, invalid("its kid names no key")
	case header.Algorithm != k.alg.String():
		return nil, invalid("its alg is not its key's")
	case len(decoded[2]) != 64: // bytes, of EdDSA and ES256 alike
		return nil, invalid("its signature has another length")
	}
	if _, err := jws.Verify([]byte(token), jws.WithKey(k.alg, k.raw), jws.WithCompact()); err != nil {
		return nil, invalid("its signature does not match")
	}
	return decoded[1], nil
}
