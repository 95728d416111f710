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

// ErrInvalid is what every refusal of a token wraps. The text around it says why and holds nothing of the token.
var ErrInvalid = errors.New("the access token is not valid")

func invalid(reason string) error { return fmt.Errorf("%w: %s", ErrInvalid, reason) }

// A Verifier checks tokens. It is safe for concurrent use.
type Verifier struct {
	keys             map[string]key // by kid
	set              []byte
	issuer, audience string
	now              func() time.Time
}

// NewVerifier reads a JWK set of one public key or more, each Ed25519 with alg EdDSA or P-256 with alg ES256; each
// needs alg and a kid of its own. A single JWK counts as a set of one. It refuses a set with a private key.
func NewVerifier(publicSet, issuer, audience string) (*Verifier, error) {
	if issuer == "" || audience == "" {
		return nil, errors.New("new verifier: name an issuer and an audience")
	}
	set, err := jwk.ParseString(publicSet)
	if err != nil || !jsontext.Value(publicSet).IsValid() { // jwk overlooks doubled members and what follows the set
		return nil, errors.New("new verifier: the public keys are no JWK set") // jwk's own error might quote a key
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

// PublicSet is the keys as JSON, a JWK set with kid, alg, use and public members alone.
func (v *Verifier) PublicSet() []byte { return bytes.Clone(v.set) }

// Verify answers what a good token says. Every refusal wraps ErrInvalid. Whether the session still stands is for the
// caller to find out.
func (v *Verifier) Verify(token string) (Claims, error) {
	payload, err := v.open(token)
	if err != nil {
		return Claims{}, err
	}
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return Claims{}, invalid("its claims are not well formed")
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
		err = invalid("it lasts too long, or ends before it begins")
	case *c.IssuedAt > soon:
		err = invalid("it was issued in the future")
	case c.NotBefore != nil && *c.NotBefore > soon:
		err = invalid("it is not good yet")
	case now.Unix() >= *c.ExpiresAt:
		err = invalid("it has expired")
	case !ok:
		err = invalid("its sub is no user")
	case !isUUID(c.SessionID):
		err = invalid("its sid is no session")
	case c.TokenID == "":
		err = invalid("jti is missing")
	}
	if err != nil {
		return Claims{}, err
	}
	return Claims{UserUID: uid, SessionID: c.SessionID, MustChangePassword: c.MustChangePassword}, nil
}

// open checks all that stands around the claims and answers their JSON. What it can refuse without a signature it
// does, since jws would also take padding, white space, JSON serialisation, doubled members and unknown extensions.
func (v *Verifier) open(token string) ([]byte, error) {
	if len(token) > MaxLength {
		return nil, invalid("it is too long")
	}
	parts := strings.SplitN(token, ".", 4)
	if len(parts) != 3 {
		return nil, invalid("it has not three parts")
	}
	var decoded [3][]byte
	for i, part := range parts {
		var err error
		// Strict, so that one signature has one spelling. Decoding alone would skip line ends.
		if decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil || strings.ContainsAny(part, "\r\n") {
			return nil, invalid("a part of it is no base64url")
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
		return nil, invalid("its header is not well formed")
	}
	k, known := v.keys[header.KeyID]
	switch {
	case header.Critical != nil || header.Base64 != nil:
		return nil, invalid("its header demands what is not known here")
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
