package keys

import (
	"errors"
	"fmt"
	"os"
	"time"

	"minifb/shared/token"
)

// Overlap is how long after its last use a key is kept: the lifetime of a token, and a minute for
// clocks that differ.
const Overlap = token.Lifetime + time.Minute

// List returns the keys in dir, the newest first.
func List(dir string, now time.Time) ([]token.RingKey, error) {
	ring, err := read(dir)
	if err != nil {
		return nil, err
	}
	return ring.Keys(now), nil
}

// Rotate adds a key that signs from now+delay on, and returns its id. The delay must be long enough
// for every function to have read the new public keys.
func Rotate(dir string, now time.Time, delay time.Duration) (id string, err error) {
	err = change(dir, func(ring *token.Ring) error {
		id, err = ring.Add(now, now.Add(delay))
		return err
	}, Public, Private) // a key is published before it can sign
	return id, err
}

// Retire removes a key. It refuses to remove a key that signs, or that signed a token which may
// still be valid, unless force is set.
func Retire(dir string, now time.Time, id string, force bool) error {
	return change(dir, func(ring *token.Ring) error {
		keys := ring.Keys(now)
		for _, k := range keys {
			if k.ID != id {
				continue
			}
			if err := inUse(k, now); err != nil && !force {
				return fmt.Errorf("%w; -force removes it all the same, and its tokens are refused then", err)
			}
			return ring.Remove(id, now)
		}
		return fmt.Errorf("there is no key %q", id)
	}, Private, Public) // a key stops signing before it is withdrawn
}

// inUse returns an error if tokens that k has signed may still be valid.
func inUse(k token.RingKey, now time.Time) error {
	switch retirable, known := Retirable(k, now); {
	case k.Signs:
		return errors.New("this key signs now")
	case !known:
		return errors.New("it is not known when this key signed last")
	case now.Before(retirable):
		return fmt.Errorf("tokens of this key may be valid until %s", retirable.UTC().Format(time.RFC3339))
	}
	return nil
}

// Retirable returns the time from which a key that does not sign now can be removed, and whether it
// is known. It is zero for a key that has not signed yet.
func Retirable(k token.RingKey, now time.Time) (at time.Time, known bool) {
	switch {
	case !k.Private:
		return time.Time{}, false
	case k.SignsFrom.After(now):
		return time.Time{}, true
	case k.SignsUntil.IsZero():
		return time.Time{}, false
	}
	return k.SignsUntil.Add(Overlap), true
}

// change lets edit change the keys in dir, and writes the files in the given order.
func change(dir string, edit func(*token.Ring) error, order ...func(dir string) string) error {
	unlock, err := lock(dir)
	if err != nil {
		return err
	}
	defer unlock()
	ring, err := read(dir)
	if err != nil {
		return err
	}
	if err := edit(ring); err != nil {
		return err
	}
	private, err1 := ring.Private()
	public, err2 := ring.Public()
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	content := map[string][]byte{Private(dir): private, Public(dir): public}
	for _, path := range order {
		if err := replace(path(dir), content[path(dir)]); err != nil {
			return err
		}
	}
	return nil
}

func read(dir string) (*token.Ring, error) {
	private, err1 := os.ReadFile(Private(dir))
	public, err2 := os.ReadFile(Public(dir))
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("read the keys: %w", err)
	}
	return token.ParseRing(private, public)
}
