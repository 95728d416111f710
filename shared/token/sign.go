package token

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// A Signer signs tokens. Only the auth function has one. It is safe for concurrent use.
type Signer struct {
	key              key
	issuer, audience string
	now              func() time.Time
}

// NewSigner returns a signer with a private JWK: an Ed25519 key with alg EdDSA, or a P-256 key with
// alg ES256. The JWK must have alg and kid. The error holds nothing of the key but its kid.
func NewSigner(privateJWK, issuer, audience string) (*Signer, error) {
	if issuer == "" || audience == "" {
		return nil, errors.New("new signer: name an issuer and an audience")
	}
	parsed, err := jwk.ParseKey([]byte(privateJWK))
	if err != nil || !jsontext.Value(privateJWK).IsValid() { // jwk ignores duplicate members and trailing data
		return nil, errors.New("new signer: the private key is no JWK") // jwk's error may quote the key
	}
	k, err := check(parsed)
	if err != nil {
		return nil, fmt.Errorf("new signer: %w", err)
	}
	if !k.private {
		return nil, fmt.Errorf("new signer: key %q is a public one", k.id)
	}
	return &Signer{key: k, issuer: issuer, audience: audience, now: time.Now}, nil
}

// Sign returns a token with its own id (jti), which is valid from now on for Lifetime. It returns
// an error if Verify would refuse the token, because of a claim or its length.
func (s *Signer) Sign(c Claims) (token string, err error) {
	if c.UserUID <= 0 || !isUUID(c.SessionID) {
		return "", fmt.Errorf("sign token: the user %d or the session %q is malformed", c.UserUID, c.SessionID)
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
	if err := errors.Join(header.Set(jws.TypeKey, tokenType), header.Set(jws.KeyIDKey, s.key.id)); err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	signed, err := jws.Sign(payload, jws.WithKey(s.key.alg, s.key.raw, jws.WithProtectedHeaders(header)))
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	if len(signed) > MaxLength {
		return "", fmt.Errorf("sign token: %d bytes are more than %d: shorten the issuer or the audience",
			len(signed), MaxLength)
	}
	return string(signed), nil
}
