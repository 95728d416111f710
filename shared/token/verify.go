package token

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/lestrrat-go/jwx/v2/jws"

	"minifb/shared/reload"
)

// ErrInvalid is wrapped by every error of Verify, except ErrNoKeys. The error's text says what is wrong, and holds
// nothing of the token.
var ErrInvalid = errors.New("the access token is not valid")

// ErrExpired is returned for a token that was valid until it expired. It wraps ErrInvalid.
var ErrExpired = invalid("it has expired")

func invalid(reason string) error { return fmt.Errorf("%w: %s", ErrInvalid, reason) }

// ErrNoKeys is wrapped by an error of Verify if the public keys could not be read yet.
var ErrNoKeys = errors.New("the public keys cannot be read")

// A Verifier verifies tokens. It is safe for concurrent use.
type Verifier struct {
	keys             *reload.Value[publicKeys]
	fromURL          bool
	issuer, audience string
	now              func() time.Time
}

// remembered is how many tokens a verifier remembers, some 300 bytes each.
const remembered = 4096

type publicKeys struct {
	byID map[string]key
	set  []byte
	// valid has the claims of tokens that one of these keys has signed, by the tokens' hash. Verifying
	// a signature costs more than most of what a request does. Other keys begin with an empty cache.
	valid *lru.Cache[[sha256.Size]byte, claims]
}

// NewVerifier returns a verifier with the public keys of a JWK set: Ed25519 keys with alg EdDSA,
// and P-256 keys with alg ES256. Each must have alg, and a kid that no other has. A single JWK
// counts as a set. NewVerifier returns an error if the set is empty or has a private key.
func NewVerifier(publicSet reload.Source, issuer, audience string) (*Verifier, error) {
	if issuer == "" || audience == "" {
		return nil, errors.New("new verifier: name an issuer and an audience")
	}
	keys, err := reload.New(publicSet, parsePublicKeys)
	if err != nil {
		return nil, fmt.Errorf("new verifier: %w", err)
	}
	return &Verifier{keys: keys, fromURL: publicSet.IsURL(), issuer: issuer, audience: audience, now: time.Now}, nil
}

func parsePublicKeys(text []byte) (publicKeys, error) {
	keys, err := parseKeys(text, false)
	if err != nil {
		return publicKeys{}, err
	}
	parsed := publicKeys{byID: map[string]key{}}
	if parsed.valid, err = lru.New[[sha256.Size]byte, claims](remembered); err != nil {
		return publicKeys{}, err
	}
	for i, k := range keys {
		keys[i] = k.publicHalf() // without times
		parsed.byID[k.id] = k
	}
	parsed.set, err = marshalKeys(keys)
	return parsed, err
}

// LogTo makes the verifier log when its keys change or cannot be read. Call it before Verify.
func (v *Verifier) LogTo(log *slog.Logger) { v.keys.LogTo(log, "TOKEN_PUBLIC_KEYS") }

// FromURL reports whether the keys come from a URL, which may be out of reach.
func (v *Verifier) FromURL() bool { return v.fromURL }

// Ready returns ErrNoKeys, with the cause, if the verifier has no keys yet.
func (v *Verifier) Ready() error {
	if _, err := v.keys.Get(); err != nil {
		return fmt.Errorf("%w: %w", ErrNoKeys, err)
	}
	return nil
}

// PublicSet returns the keys as a JWK set in JSON. Each has kid, alg, use, and its public members.
func (v *Verifier) PublicSet() ([]byte, error) {
	keys, err := v.keys.Get()
	return bytes.Clone(keys.set), err
}

// keysWith returns the keys. If there is none of this id, the set may be out of date.
func (v *Verifier) keysWith(id string) (publicKeys, error) {
	keys, err := v.keys.Get()
	if _, known := keys.byID[id]; !known && err == nil {
		keys, err = v.keys.Renew()
	}
	if err != nil {
		return publicKeys{}, fmt.Errorf("%w: %w", ErrNoKeys, err)
	}
	return keys, nil
}

// has reports whether k or its public half is one of the verifier's keys.
func (v *Verifier) has(k key) bool {
	keys, err := v.keys.Get()
	found, known := keys.byID[k.id]
	return err == nil && known && k.isPairOf(found)
}

// Verify returns the claims of a valid token. It does not know whether the session is revoked.
func (v *Verifier) Verify(token string) (Claims, error) {
	if len(token) > MaxLength {
		return Claims{}, invalid("it is too long")
	}
	hash := sha256.Sum256([]byte(token))
	if keys, err := v.keys.Get(); err == nil {
		if c, ok := keys.valid.Get(hash); ok {
			return v.check(c)
		}
	}
	payload, keys, err := v.open(token)
	if err != nil {
		return Claims{}, err
	}
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return Claims{}, invalid("its claims are malformed")
	}
	checked, err := v.check(c)
	if err == nil {
		keys.valid.Add(hash, c)
	}
	return checked, err
}

// check returns the claims that callers need of those of a token whose signature is valid.
func (v *Verifier) check(c claims) (Claims, error) {
	var err error
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
	case !ok:
		err = invalid("its sub is malformed")
	case !isUUID(c.SessionID):
		err = invalid("its sid is malformed")
	case c.TokenID == "":
		err = invalid("jti is missing")
	case now.Unix() >= *c.ExpiresAt:
		err = ErrExpired
	}
	if err != nil {
		return Claims{}, err
	}
	return Claims{UserUID: uid, SessionID: c.SessionID, MustChangePassword: c.MustChangePassword}, nil
}

// open verifies everything but the claims, and returns the claims' JSON and the keys that it used. It
// checks the encoding and the header itself, before the signature: jws.Verify also accepts padding, JSON
// serialisation, duplicate members and unknown extensions, and it encodes the header again, so that white space
// may be added to it.
func (v *Verifier) open(token string) ([]byte, publicKeys, error) {
	parts := strings.SplitN(token, ".", 4)
	if len(parts) != 3 {
		return nil, publicKeys{}, invalid("it does not have three parts")
	}
	var decoded [3][]byte
	for i, part := range parts {
		var err error
		decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(part)
		if err != nil || strings.ContainsAny(part, "\r\n") { // the decoder ignores line breaks
			return nil, publicKeys{}, invalid("a part of it is not base64url")
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
		return nil, publicKeys{}, invalid("its header is malformed")
	}
	switch {
	case header.Critical != nil || header.Base64 != nil:
		return nil, publicKeys{}, invalid("its header has an unknown extension")
	case !strings.EqualFold(header.Type, tokenType) && !strings.EqualFold(header.Type, "JWT"):
		return nil, publicKeys{}, invalid("its typ is that of another kind of token")
	}
	keys, err := v.keysWith(header.KeyID)
	if err != nil {
		return nil, publicKeys{}, err
	}
	k, known := keys.byID[header.KeyID]
	switch {
	case !known:
		return nil, publicKeys{}, invalid("its kid names no key")
	case header.Algorithm != k.alg.String():
		return nil, publicKeys{}, invalid("its alg is not its key's")
	case len(decoded[2]) != 64: // bytes, of EdDSA and ES256 alike
		return nil, publicKeys{}, invalid("its signature has another length")
	}
	verifier, err := jws.NewVerifier(k.alg)
	if err == nil {
		err = verifier.Verify([]byte(parts[0]+"."+parts[1]), decoded[2], k.raw)
	}
	if err != nil {
		return nil, publicKeys{}, invalid("its signature does not match")
	}
	return decoded[1], keys, nil
}
