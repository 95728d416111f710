// Package token makes and checks access tokens: JWTs that the auth function signs and every function verifies.
package token

import (
	"strconv"
	"time"
)

const (
	// Lifetime is how long an access token is good for. Verify refuses tokens that were made to last longer.
	Lifetime = 5 * time.Minute

	// Leeway is how far the signing machine's clock may be ahead. A clock behind gets none: expired is expired.
	Leeway = 5 * time.Second

	// MaxLength is the longest token, in bytes, that is looked at.
	MaxLength = 4 << 10

	tokenType = "at+jwt" // RFC 9068
)

// Claims is what a token says of its bearer.
type Claims struct {
	UserUID   int64  // positive
	SessionID string // a UUID in its canonical form, in lower case

	// MustChangePassword says that the session could only change the password when the token was
	// issued. It may have done so since.
	MustChangePassword bool
}

// claims is the payload as it is sent. A pointer tells a claim that is missing from zero.
type claims struct {
	Issuer    string   `json:"iss"`
	Audience  audience `json:"aud"`
	Subject   string   `json:"sub"`
	SessionID string   `json:"sid"`
	TokenID   string   `json:"jti"`
	IssuedAt  *int64   `json:"iat"` // Unix seconds, like the next two; we write no fractions and so read none
	ExpiresAt *int64   `json:"exp"`
	NotBefore *int64   `json:"nbf,omitzero"`

	MustChangePassword bool `json:"must_change_password,omitzero"`
}

// userUID reads a subject as it is written by Sign, or answers false.
func userUID(subject string) (int64, bool) {
	uid, err := strconv.ParseInt(subject, 10, 64)
	return uid, err == nil && uid > 0 && strconv.FormatInt(uid, 10) == subject
}

// isUUID holds an id to one spelling, since ended sessions are found by comparing text.
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
