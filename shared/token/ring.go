package token

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
)

// A Ring is all keys of an installation, for the program that changes them.
type Ring struct {
	keys       []key // private, the newest first
	publicOnly []key
}

// A RingKey describes a key of a ring.
type RingKey struct {
	ID      string
	Private bool // false: only the public half exists, so that nothing is signed with it any more
	Signs   bool // it is the key that the auth function signs with now

	// Times of a private key. They are zero if its JWK has none.
	Created, SignsFrom time.Time

	// SignsUntil is when the next key takes over; zero if none does.
	SignsUntil time.Time
}

// ParseRing returns the keys of a private and a public JWK set. It returns an error if the public half
// of a private key is not in the public set: nobody would accept the tokens of such a key.
func ParseRing(privateSet, publicSet []byte) (*Ring, error) {
	private, err := parsePrivateKeys(privateSet)
	if err != nil {
		return nil, err
	}
	public, err := parseKeys(publicSet, false)
	if err != nil {
		return nil, err
	}
	r := &Ring{keys: private, publicOnly: public}
	for _, k := range private {
		i := slices.IndexFunc(r.publicOnly, k.isPairOf)
		if i < 0 {
			return nil, fmt.Errorf("the public half of key %q is not among the public keys: "+
				"put the private and the public keys of the same time together", k.id)
		}
		r.publicOnly = slices.Delete(r.publicOnly, i, i+1)
	}
	return r, nil
}

// Add adds a new Ed25519 key, and returns its id. It signs from the given time on.
func (r *Ring) Add(now, signsFrom time.Time) (id string, err error) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return "", fmt.Errorf("generate a key: %w", err)
	}
	k := key{alg: jwa.EdDSA, raw: private, private: true, created: now, signsFrom: signsFrom}
	described, err := describe(k)
	if err != nil {
		return "", err
	}
	k.id = described.KeyID()
	r.keys = append([]key{k}, r.keys...)
	slices.SortStableFunc(r.keys, newestFirst)
	return k.id, nil
}

// Remove removes a key. One must be left to sign with: if the time of none has come, the oldest
// signs from now on.
func (r *Ring) Remove(id string, now time.Time) error {
	is := func(k key) bool { return k.id == id }
	if len(r.keys) == 1 && is(r.keys[0]) {
		return errors.New("it is the only key to sign with; add another before")
	}
	r.keys, r.publicOnly = slices.DeleteFunc(r.keys, is), slices.DeleteFunc(r.publicOnly, is)
	if len(r.keys) > 0 {
		if next := &r.keys[signing(r.keys, now)]; next.signsFrom.After(now) {
			next.signsFrom = now
		}
	}
	return nil
}

// Keys describes the keys, the newest first.
func (r *Ring) Keys(now time.Time) []RingKey {
	described := make([]RingKey, 0, len(r.keys)+len(r.publicOnly))
	for i, k := range r.keys {
		d := RingKey{
			ID: k.id, Private: true, Signs: i == signing(r.keys, now), Created: k.created, SignsFrom: k.signsFrom,
		}
		if i > 0 {
			d.SignsUntil = r.keys[i-1].signsFrom
		}
		described = append(described, d)
	}
	for _, k := range r.publicOnly {
		described = append(described, RingKey{ID: k.id})
	}
	return described
}

// Private returns the private keys as a JWK set in JSON, for the auth function only.
func (r *Ring) Private() ([]byte, error) { return marshalKeys(r.keys) }

// Public returns the public keys, and the public halves of the private ones, as a JWK set in JSON.
func (r *Ring) Public() ([]byte, error) {
	public := make([]key, 0, len(r.keys)+len(r.publicOnly))
	for _, k := range slices.Concat(r.keys, r.publicOnly) {
		public = append(public, k.publicHalf())
	}
	return marshalKeys(public)
}

// GenerateKeys returns a new Ed25519 key: a JWK set for NewSigner, and one of its public half for
// NewVerifier.
func GenerateKeys() (privateSet, publicSet string, err error) {
	r, now := &Ring{}, time.Now()
	if _, err := r.Add(now, now); err != nil {
		return "", "", err
	}
	private, err1 := r.Private()
	public, err2 := r.Public()
	return string(private), string(public), errors.Join(err1, err2)
}
