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

// A Hasher hashes passwords, as many at once as there are processors. Its queue says who waits for
// whom. It is safe for concurrent use. The zero Hasher has no slots and no queue: it refuses every
// call as overloaded.
type Hasher struct {
	iterations int
	queue      queue
	derive     func(plain, salt string, iterations int) ([]byte, error) // PBKDF2; tests count the iterations
}

// New returns a Hasher whose hashes take this many PBKDF2 iterations, 1 to MaxIterations. It panics
// at another count, because Verify would refuse such hashes. It has one slot for each processor
// that GOMAXPROCS allows now, and lets 64 callers wait for each slot.
func New(iterations int) *Hasher {
	if iterations < 1 || iterations > MaxIterations {
		panic(fmt.Sprintf("password: %d iterations: name 1 to %d", iterations, MaxIterations))
	}
	slots := runtime.GOMAXPROCS(0)
	return &Hasher{
		iterations: iterations, queue: queue{free: slots, capacity: waitersPerSlot * slots}, derive: derive,
	}
}

// A QueueState says how busy a Hasher is.
type QueueState struct {
	Waiting int   // calls that wait now
	Waits   int64 // calls that had to wait, since the start
	Refused int64 // calls that were refused as overloaded, since the start; those whose context ended first included
}

// Queue returns the state of the queue.
func (h *Hasher) Queue() QueueState { return h.queue.state() }

// Hash returns what to store for a password, at most 100 ASCII characters. The password counts as
// the bytes that were sent. If the Hasher is overloaded, or ctx ends before the hashing starts, the
// error is apperror.Unavailable; in the latter case it wraps ctx.Err() too. A hash that has started
// is finished.
func (h *Hasher) Hash(ctx context.Context, r Requester, plain string) (string, error) {
	if err := h.queue.acquire(ctx, r); err != nil {
		return "", err
	}
	defer h.queue.release()
	made := record{iterations: h.iterations, salt: newSalt(h.iterations)}
	sum, err := h.derive(plain, made.salt, made.iterations)
	if err != nil {
		return "", err
	}
	copy(made.sum[:], sum)
	return made.String(), nil
}

// Verify reports whether plain is the password behind stored, and if so, whether it needs a rehash:
// whether it was made with another count of iterations than this Hasher's. An empty stored means
// that there is no such account, and is never ok. All refusals do the work of one Hash; only a hash
// with more iterations than the Hasher's takes longer.
//
// It fails like Hash if the Hasher is overloaded or ctx ends, and with a plain error if stored is
// not a hash in Werkzeug's form or has more than MaxIterations. That error never holds stored.
func (h *Hasher) Verify(ctx context.Context, r Requester, stored, plain string) (ok, needsRehash bool, err error) {
	if err := h.queue.acquire(ctx, r); err != nil {
		return false, false, err
	}
	defer h.queue.release()
	// The zero record has no iterations, so that the work below is that of an account that exists.
	var read record
	var malformed error
	if stored != "" {
		if read, malformed = parse(stored); malformed != nil {
			read = record{}
		}
	}
	if read.iterations > 0 {
		sum, err := h.derive(plain, read.salt, read.iterations)
		if err != nil {
			return false, false, err
		}
		ok = subtle.ConstantTimeCompare(sum, read.sum[:]) == 1
	}
	if missing := h.iterations - read.iterations; missing > 0 {
		if _, err := h.derive(plain, "topping up", missing); err != nil {
			return false, false, err
		}
	}
	if malformed != nil {
		return false, false, fmt.Errorf("verify password: %w", malformed)
	}
	return ok, ok && read.iterations != h.iterations, nil
}

func derive(plain, salt string, iterations int) ([]byte, error) {
	sum, err := pbkdf2.Key(sha256.New, plain, []byte(salt), iterations, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive password hash: %w", err)
	}
	return sum, nil
}
