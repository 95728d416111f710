// Package password makes and checks password hashes as Werkzeug stores them: pbkdf2:sha256:<iterations>$<salt>$<hex>.
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
	// MaxIterations is the largest count that New and Verify take, about a third of a second of a core.
	MaxIterations = 2_000_000
	// DefaultIterations is the count for new hashes unless the operator sets another.
	DefaultIterations = 600_000

	waitersPerSlot = 64 // at 600,000 rounds the last of them waits about six seconds
)

// A Hasher hashes passwords, as many at once as there are processors. It is safe for concurrent use.
type Hasher struct {
	iterations int
	slots      chan struct{} // holds one for each hash under way
	waiting    atomic.Int64
}

// New makes a Hasher whose hashes take that many PBKDF2 rounds, 1 to MaxIterations. It panics on another count, since
// Verify would refuse such hashes. It has as many slots as GOMAXPROCS says now, and lets 64 callers wait for each.
func New(iterations int) *Hasher {
	if iterations < 1 || iterations > MaxIterations {
		panic(fmt.Sprintf("password: %d iterations: name 1 to %d", iterations, MaxIterations))
	}
	return &Hasher{iterations: iterations, slots: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// Hash answers what to store for a password, at most 100 ASCII characters. The password counts as the bytes it is
// sent in. A Hasher that is too busy, or a ctx that ends before the hashing starts, is fault.Unavailable; in the
// latter case the error wraps ctx.Err() too. A hash once started is finished.
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

// Verify tells whether plain is the password behind stored, and if so, whether the hash is stale: made with another
// count than this Hasher's, so that it should be made anew. An empty stored means that there is no such account, and
// is never ok. All refusals take the time of one Hash; only a hash of more rounds than the Hasher's takes longer.
//
// It fails like Hash where the Hasher is busy or ctx ends, and with a plain error where stored is no hash in
// Werkzeug's form or names a count above MaxIterations. That error never holds stored.
func (h *Hasher) Verify(ctx context.Context, stored, plain string) (ok, stale bool, err error) {
	if err := h.acquire(ctx); err != nil {
		return false, false, err
	}
	defer h.release()
	// The zero record names no rounds, so that the topping up below does the work of an account that is there.
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
		if _, err := derive(plain, "topping up", missing); err != nil {
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

// acquire waits for a slot, in turn.
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
