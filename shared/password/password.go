// Package password hashes passwords, and verifies them, in Werkzeug's format:
// pbkdf2:sha256:<iterations>$<salt>$<hex>.
package password

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"runtime"
	"sync/atomic"

	"minifb/shared/apperror"
)

const (
	// MaxIterations is the largest count that New and Verify accept. It takes a third of a second
	// of a core.
	MaxIterations = 2_000_000
	// DefaultIterations is the count for new hashes unless the operator sets another.
	DefaultIterations = 600_000

	// waitersPerSlot is how many calls may wait for each slot. The last waits about six seconds,
	// with DefaultIterations.
	waitersPerSlot = 64
)

// A Hasher hashes and verifies passwords, as many at once as there are processors. It is safe for
// concurrent use.
type Hasher struct {
	iterations int
	slots      chan struct{} // has an element for each hash under way
	waiting    atomic.Int64
}

// New returns a Hasher whose new hashes have this many PBKDF2 iterations. It panics unless that is
// 1 to MaxIterations, because Verify would refuse the hashes.
func New(iterations int) *Hasher {
	if iterations < 1 || iterations > MaxIterations {
		panic(fmt.Sprintf("password: %d iterations: name 1 to %d", iterations, MaxIterations))
	}
	return &Hasher{iterations: iterations, slots: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// Hash returns the hash of a password, at most 100 ASCII characters. The password's bytes are
// hashed as they are. Hash returns an apperror.Unavailable if too many calls wait already, or if
// ctx is done before the hashing starts; the latter wraps ctx.Err(), too.
func (h *Hasher) Hash(ctx context.Context, plain string) (string, error) {
	if err := h.acquire(ctx); err != nil {
		return "", err
	}
	defer h.release()
	r := record{iterations: h.iterations, salt: newSalt(h.iterations)}
	sum, err := derive(plain, r.salt, r.iterations)
	if err != nil {
		return "", err
	}
	copy(r.sum[:], sum)
	return r.String(), nil
}

// Verify reports whether stored is the hash of the password plain, and if so, whether it needs a
// rehash, because it has another number of iterations than this Hasher's hashes. If there is no
// such account, stored must be empty: then ok is false. Without ok, Verify takes the time of one
// Hash, so that its time says nothing about the account; only a hash with more iterations takes
// longer.
//
// Verify returns the errors of Hash, and another error if stored is malformed or has more
// iterations than MaxIterations. That error does not hold stored.
func (h *Hasher) Verify(ctx context.Context, stored, plain string) (ok, needsRehash bool, err error) {
	if err := h.acquire(ctx); err != nil {
		return false, false, err
	}
	defer h.release()
	// The zero record has no iterations. All of the work is then done below.
	var r record
	var malformed error
	if stored != "" {
		if r, malformed = parse(stored); malformed != nil {
			r = record{}
		}
	}
	if r.iterations > 0 {
		sum, err := derive(plain, r.salt, r.iterations)
		if err != nil {
			return false, false, err
		}
		ok = subtle.ConstantTimeCompare(sum, r.sum[:]) == 1
	}
	if missing := h.iterations - r.iterations; missing > 0 {
		if _, err := derive(plain, "missing iterations", missing); err != nil {
			return false, false, err
		}
	}
	if malformed != nil {
		return false, false, fmt.Errorf("verify password: %w", malformed)
	}
	return ok, ok && r.iterations != h.iterations, nil
}

func derive(plain, salt string, iterations int) ([]byte, error) {
	sum, err := pbkdf2.Key(sha256.New, plain, []byte(salt), iterations, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive password hash: %w", err)
	}
	return sum, nil
}

// acquire waits for a slot. Calls get one in the order of their arrival.
func (h *Hasher) acquire(ctx context.Context) error {
	const hint = "Too many passwords are being checked at once. Try again in a few seconds."
	if err := ctx.Err(); err != nil {
		return apperror.Wrap(apperror.Unavailable, err, hint)
	}
	select {
	case h.slots <- struct{}{}:
		return nil
	default:
	}
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > int64(waitersPerSlot*cap(h.slots)) {
		return apperror.New(apperror.Unavailable, hint)
	}
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return apperror.Wrap(apperror.Unavailable, ctx.Err(), hint)
	}
}

func (h *Hasher) release() { <-h.slots }
