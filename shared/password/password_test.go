package password

import (
	"context"
	"errors"
	"strings"
	"testing"

	"minifb/shared/apperror"
)

var passwords = []string{
	"correct horse", "비밀번호 열 글자 이상", "비밀번호 열 글자", "👩‍👩‍👧‍👦 family 😀",
	" leading and trailing ", "with $ and : inside", strings.Repeat("x", 100), strings.Repeat("각", 100), "",
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	h := New(10)
	for _, plain := range passwords {
		stored, err := h.Hash(t.Context(), Requester{}, plain)
		if err != nil {
			t.Fatalf("%q: %v", plain, err)
		}
		for _, c := range []struct {
			plain string
			want  bool
		}{{plain, true}, {plain + " ", false}, {strings.ToUpper(plain) + "A", false}, {"another password", false}} {
			ok, needsRehash, err := h.Verify(t.Context(), Requester{}, stored, c.plain)
			if ok != c.want || needsRehash || err != nil {
				t.Errorf("%q against the hash of %q: %t, needs rehash %t, %v; want %t", c.plain, plain, ok,
					needsRehash, err, c.want)
			}
		}
	}
}

// The second password is the first in another normal form, and another password.
func TestPasswordIsNotNormalized(t *testing.T) {
	t.Parallel()
	h := New(1)
	stored, err := h.Hash(t.Context(), Requester{}, "\uac00\uac01")
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := h.Verify(t.Context(), Requester{}, stored, "\u1100\u1161\u1100\u1161\u11a8"); ok || err != nil {
		t.Errorf("the decomposed form: got %t, %v, want false", ok, err)
	}
}

func TestEachHashHasItsOwnSalt(t *testing.T) {
	t.Parallel()
	h, seen := New(1), map[string]bool{}
	for range 100 {
		stored, err := h.Hash(t.Context(), Requester{}, "correct horse")
		if err != nil || seen[stored] {
			t.Fatalf("%s: returned before: %t, %v", stored, seen[stored], err)
		}
		seen[stored] = true
	}
}

func TestNoSuchAccount(t *testing.T) {
	t.Parallel()
	for _, plain := range passwords {
		ok, needsRehash, err := New(10).Verify(t.Context(), Requester{}, "", plain)
		if ok || needsRehash || err != nil {
			t.Errorf("%q: %t, needs rehash %t, %v; want false", plain, ok, needsRehash, err)
		}
	}
}

func TestNeedsRehash(t *testing.T) {
	t.Parallel()
	stored, err := New(20).Hash(t.Context(), Requester{}, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		iterations      int
		plain           string
		ok, needsRehash bool
	}{
		{20, "correct horse", true, false},
		{19, "correct horse", true, true},
		{21, "correct horse", true, true},
		{21, "wrong horse", false, false},
	} {
		ok, needsRehash, err := New(c.iterations).Verify(t.Context(), Requester{}, stored, c.plain)
		if ok != c.ok || needsRehash != c.needsRehash || err != nil {
			t.Errorf("%+v: %t, needs rehash %t, %v", c, ok, needsRehash, err)
		}
	}
}

func TestNewPanicsOutOfBounds(t *testing.T) {
	t.Parallel()
	for _, n := range []int{-1, 0, MaxIterations + 1} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("New(%d) did not panic", n)
				}
			}()
			New(n)
		}()
	}
	New(1)
	New(MaxIterations)
}

// The time of a refusal must not say more than the refusal does, so each runs as many iterations as a wrong password.
func TestRefusalsDoTheSameWork(t *testing.T) {
	t.Parallel()
	const iterations = 30
	h := New(iterations)
	hash := func(iterations int) string {
		stored, err := New(iterations).Hash(t.Context(), Requester{}, "correct horse")
		if err != nil {
			t.Fatal(err)
		}
		return stored
	}
	done := 0
	h.derive = func(plain, salt string, iterations int) ([]byte, error) {
		done += iterations
		return derive(plain, salt, iterations)
	}
	for name, stored := range map[string]string{
		"no such account": "", "wrong password": hash(iterations), "a hash of one iteration": hash(1),
		"a hash of half the iterations": hash(iterations / 2),
		"malformed":                     "rubbish",
		"too many iterations":           strings.Replace(hash(iterations), ":30$", ":3000000$", 1),
	} {
		done = 0
		if ok, _, _ := h.Verify(t.Context(), Requester{}, stored, "wrong horse"); ok {
			t.Errorf("%s: a wrong password is accepted", name)
		}
		if done != iterations {
			t.Errorf("%s: %d iterations, want %d", name, done, iterations)
		}
	}
}

func TestContextIsDone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := New(1).Hash(ctx, Requester{}, "correct horse")
	if f, ok := apperror.From(err); !ok || f.Code != apperror.Unavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("Hash: %v", err)
	}
	if _, _, err = New(1).Verify(ctx, Requester{}, "", "correct horse"); !errors.Is(err, context.Canceled) {
		t.Errorf("Verify: %v", err)
	}
}

func BenchmarkHash600000(b *testing.B) {
	h := New(600_000)
	for b.Loop() {
		if _, err := h.Hash(b.Context(), Requester{}, "correct horse"); err != nil {
			b.Fatal(err)
		}
	}
}
