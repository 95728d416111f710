package store

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// A refreshToken names its session and proves with the family, a secret that all refresh tokens of
// the session share, that it was issued for it. So a rotated token is known to be one after its row
// has been pruned.
type refreshToken struct {
	session [16]byte // a UUID
	family  [16]byte
	random  [32]byte
}

const refreshTokenLength = 86 // 64 bytes in base64url

// newSessionToken returns the first refresh token of a new session, with the UUID of that session.
func newSessionToken() (token refreshToken) {
	rand.Read(token.session[:]) // never fails
	token.session[6] = token.session[6]&0x0f | 0x40
	token.session[8] = token.session[8]&0x3f | 0x80
	rand.Read(token.family[:])
	rand.Read(token.random[:])
	return token
}

// parseRefreshToken returns the parts of a token that a client sent. It reports false for another
// text, such as a token that was issued before tokens had a family: 256 random bits.
func parseRefreshToken(text string) (token refreshToken, ok bool) {
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(text) != refreshTokenLength { // decoding skips line ends
		return token, false
	}
	copy(token.session[:], decoded)
	copy(token.family[:], decoded[16:])
	copy(token.random[:], decoded[32:])
	return token, true
}

// successor returns a new token of the same family for the session.
func (t refreshToken) successor(session string) (refreshToken, error) {
	id, err := hex.DecodeString(strings.ReplaceAll(session, "-", ""))
	if err != nil || len(id) != len(t.session) {
		return t, fmt.Errorf("the session's id %q is not a UUID", session)
	}
	copy(t.session[:], id)
	if t.family == [16]byte{} { // issued before tokens had a family
		rand.Read(t.family[:])
	}
	rand.Read(t.random[:])
	return t, nil
}

// String returns the token as the client gets it.
func (t refreshToken) String() string {
	return base64.RawURLEncoding.EncodeToString(slices.Concat(t.session[:], t.family[:], t.random[:]))
}

// sessionID returns the UUID of the session in its canonical form.
func (t refreshToken) sessionID() string {
	id := t.session
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func (t refreshToken) hash() []byte       { return hashSecret(t.String()) }
func (t refreshToken) familyHash() []byte { return hashSecret(string(t.family[:])) }

// hashSecret returns the SHA-256 of a secret that has at least 80 random bits. What people choose
// themselves needs package password.
func hashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
