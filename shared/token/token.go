// Package token signs and verifies access tokens: JWTs that the auth function signs, and that every
// function verifies.
package token

import (
	"strconv"
	"time"
)

const (
	// Lifetime is how long an access token is valid. Verify refuses a token with a longer one.
	Lifetime = 5 * time.Minute

	// Leeway is how far the clock of the signing machine may be ahead. An expired token gets none.
	Leeway = 5 * time.Second

	// MaxLength is the length of the longest token that is signed or verified, in bytes.
	MaxLength = 4 << 10

	tokenType = "at+jwt" // RFC 9068
)

// Claims are what a token says about its user.
type Claims struct {
	UserUID   int64  // positive
	SessionID string // a UUID in lower case

	// MustChangePassword says that the session could only change the password when the token was
	// issued. It may have done so since.
	MustChangePassword bool
}

// claims is the payload of a token. A pointer is nil for a missing claim.
type claims struct {
	Issuer    string   `json:"iss"`
	Audience  audience `json:"aud"`
	Subject   string   `json:"sub"`
	SessionID string   `json:"sid"`
	TokenID   string   `json:"jti"`
	IssuedAt  *int64   `json:"iat"` // whole Unix seconds, as in the next two
	ExpiresAt *int64   `json:"exp"`
	NotBefore *int64   `json:"nbf,omitzero"`

	MustChangePassword bool `json:"must_change_password,omitzero"`
}

// userUID returns the uid in a subject, and whether the subject is written as Sign writes it.
func userUID(subject string) (int64, bool) {
	uid, err := strconv.ParseInt(subject, 10, 64)
	return uid, err == nil && uid > 0 && strconv.FormatInt(uid, 10) == subject
}

// isUUID reports whether id is a UUID in lower case. Revoked sessions are found by comparing text,
// so a session must have one spelling.
func isUUID(id string) bool {
	if len(id) != 36 {
		return false
	}
	for i, c := range []byte(id) {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}
