package token

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/lestrrat-go/jwx/v2/jws"

	"minifb/shared/reload"
)

// A Signer signs tokens. Only the auth function has one. It is safe for concurrent use.
type Signer struct {
	keys             *reload.Value[[]key] // the newest first
	verifier         *Verifier            // see SignFor; may be nil
	issuer, audience string
	now              func() time.Time
}

// NewSigner returns a signer with the private keys of a JWK set: Ed25519 keys with alg EdDSA, and
// P-256 keys with alg ES256. Each must have alg, and a kid that no other has. A single JWK counts as
// a set. The signer uses the newest key whose time to sign (nbf) has come. The error holds nothing
// of the keys but their kids.
func NewSigner(privateSet reload.Source, issuer, audience string) (*Signer, error) {
	if issuer == "" || audience == "" {
		return nil, errors.New("new signer: name an issuer and an audience")
	}
	keys, err := reload.New(privateSet, parsePrivateKeys)
	if err != nil {
		return nil, fmt.Errorf("new signer: %w", err)
	}
	return &Signer{keys: keys, issuer: issuer, audience: audience, now: time.Now}, nil
}

func parsePrivateKeys(text []byte) ([]key, error) {
	keys, err := parseKeys(text, true)
	slices.SortStableFunc(keys, newestFirst)
	return keys, err
}

func newestFirst(a, b key) int { return b.signsFrom.Compare(a.signsFrom) }

// SignFor makes the signer use only keys that v has, so that it never signs what its own machine
// would refuse. Call it before Sign.
func (s *Signer) SignFor(v *Verifier) { s.verifier = v }

// LogTo makes the signer log when its keys change or cannot be read. Call it before Sign.
func (s *Signer) LogTo(log *slog.Logger) { s.keys.LogTo(log, "TOKEN_PRIVATE_KEY") }

// key returns the key to sign with: the newest whose time has come, or else the oldest.
func (s *Signer) key() (key, error) {
	keys, err := s.keys.Get()
	if err != nil {
		return key{}, err
	}
	if s.verifier != nil {
		keys = slices.DeleteFunc(slices.Clone(keys), func(k key) bool { return !s.verifier.has(k) })
	}
	if len(keys) == 0 {
		return key{}, errors.New("none of the private keys has its public half among the public keys")
	}
	return keys[signing(keys, s.now())], nil
}

// signing returns the index of the key that signs at a time, among keys in the order of newestFirst.
func signing(keys []key, now time.Time) int {
	i := slices.IndexFunc(keys, func(k key) bool { return !k.signsFrom.After(now) })
	if i < 0 {
		return len(keys) - 1
	}
	return i
}

// Sign returns a token with its own id (jti), which is valid from now on for Lifetime. It returns
// an error if Verify would refuse the token, because of a claim or its length.
func (s *Signer) Sign(c Claims) (token string, err error) {
	if c.UserUID <= 0 || !isUUID(c.SessionID) {
		return "", fmt.Errorf("sign token: the user %d or the session %q is malformed", c.UserUID, c.SessionID)
	}
	k, err := s.key()
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	issued := s.now().Unix()
	expires := issued + int64(Lifetime/time.Second)
	payload, err := json.Marshal(claims{
		Issuer: s.issuer, Audience: audience{s.audience}, Subject: strconv.FormatInt(c.UserUID, 10),
		SessionID: c.SessionID, TokenID: rand.Text(), IssuedAt: &issued, ExpiresAt: &expires,
		MustChangePassword: c.MustChangePassword,
	})
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	header := jws.NewHeaders()
	if err := errors.Join(header.Set(jws.TypeKey, tokenType), header.Set(jws.KeyIDKey, k.id)); err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	signed, err := jws.Sign(payload, jws.WithKey(k.alg, k.raw, jws.WithProtectedHeaders(header)))
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	if len(signed) > MaxLength {
		return "", fmt.Errorf("sign token: %d bytes are more than %d: shorten the issuer or the audience",
			len(signed), MaxLength)
	}
	return string(signed), nil
}
