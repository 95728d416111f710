package token

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"minifb/shared/reload"
)

// A verifier remembers that a token's signature is valid, and nothing else about it.
func TestRememberedTokenIsCheckedEachTime(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	v := f.verifier(t)
	token := f.with(nil, nil)
	for range 2 {
		if got, err := v.Verify(token); got != ann || err != nil {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if n := v.remembered(t); n != 1 {
		t.Fatalf("%d tokens are remembered, want 1", n)
	}
	v.now = func() time.Time { return noon.Add(-time.Minute) }
	if got, err := v.Verify(token); !errors.Is(err, ErrInvalid) || got != (Claims{}) {
		t.Errorf("before its time: %+v, %v", got, err)
	}
	v.now = func() time.Time { return noon.Add(Lifetime) }
	if got, err := v.Verify(token); !errors.Is(err, ErrExpired) || got != (Claims{}) {
		t.Errorf("after its time: %+v, %v", got, err)
	}
}

func TestRefusedTokensAreNotRemembered(t *testing.T) {
	t.Parallel()
	f, stranger := newForger(t), newForger(t)
	v := f.verifier(t)
	for range 2 {
		for name, token := range map[string]string{
			"a stranger's": stranger.with(nil, nil), "expired": f.with(nil, object{"iat": 1, "exp": 2}), "empty": "",
		} {
			if _, err := v.Verify(token); !errors.Is(err, ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if n := v.remembered(t); n != 0 {
		t.Errorf("%d tokens are remembered, want none", n)
	}
}

// A key is removed when it has been stolen. The tokens that it signed are refused from then on, also
// those that were accepted before.
func TestRemovedKeyForgetsItsTokens(t *testing.T) {
	t.Parallel()
	f, other := newForger(t), newForger(t)
	file := filepath.Join(t.TempDir(), "public.jwks")
	write := func(set string) {
		if err := os.WriteFile(file, []byte(set), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(f.pubSet)
	synctest.Test(t, func(t *testing.T) {
		v, err := NewVerifier(reload.File(file), issuer, public)
		if err != nil {
			t.Fatal(err)
		}
		v.now = func() time.Time { return noon }
		token := f.with(nil, nil)
		for range 2 {
			if _, err := v.Verify(token); err != nil {
				t.Fatal(err)
			}
		}
		write(other.pubSet)
		time.Sleep(time.Minute)
		if _, err := v.Verify(token); !errors.Is(err, ErrInvalid) {
			t.Errorf("after its key was removed: %v", err)
		}
	})
}

// remembered returns how many tokens the verifier remembers.
func (v *Verifier) remembered(t *testing.T) int {
	t.Helper()
	keys, err := v.keys.Get()
	if err != nil {
		t.Fatal(err)
	}
	return keys.valid.Len()
}
