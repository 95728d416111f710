package password

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"minifb/shared/apperror"
)

// fill uses every slot.
func fill(h *Hasher) {
	for range cap(h.slots) {
		h.slots <- struct{}{}
	}
}

// hashingCalls returns the calls that need a slot.
func hashingCalls(h *Hasher) map[string]func(context.Context) error {
	verify := func(stored string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, _, err := h.Verify(ctx, stored, "correct horse")
			return err
		}
	}
	return map[string]func(context.Context) error{
		"hash":            func(ctx context.Context) error { _, err := h.Hash(ctx, "correct horse"); return err },
		"verify":          verify("pbkdf2:sha256:1$a$c413636fbca080f3a2971a49714e636cf107c97737696703459d775b23f1c5f4"),
		"no such account": verify(""),
	}
}

func TestHashingWaitsForASlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := New(1)
		fill(h)
		const each = 20
		done := make(chan error, 3*each)
		for _, call := range hashingCalls(h) {
			for range each {
				go func() { done <- call(t.Context()) }()
			}
		}
		synctest.Wait()
		if len(done) != 0 || h.waiting.Load() != 3*each {
			t.Fatalf("without a free slot %d calls returned and %d wait, want 0 and %d",
				len(done), h.waiting.Load(), 3*each)
		}
		h.release() // all of them use one slot, one after the other
		synctest.Wait()
		if len(done) != 3*each || h.waiting.Load() != 0 {
			t.Fatalf("with a free slot %d calls returned and %d wait, want %d and 0",
				len(done), h.waiting.Load(), 3*each)
		}
		for range 3 * each {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if len(h.slots) != cap(h.slots)-1 {
			t.Errorf("%d of %d slots are used, want all but one", len(h.slots), cap(h.slots))
		}
	})
}

func TestOverload(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := New(1)
		fill(h)
		limit := waitersPerSlot * cap(h.slots)
		done := make(chan error, limit)
		for range limit {
			go func() { _, err := h.Hash(t.Context(), "correct horse"); done <- err }()
		}
		synctest.Wait()
		for name, call := range hashingCalls(h) {
			start := time.Now()
			err := call(t.Context())
			f, ok := apperror.From(err)
			if !ok || f.Code != apperror.Unavailable || f.Hint == "" {
				t.Errorf("%s beyond the limit: got %v, want Unavailable", name, err)
			}
			if time.Since(start) != 0 {
				t.Errorf("%s beyond the limit waited", name)
			}
		}
		h.release()
		for range limit {
			if err := <-done; err != nil {
				t.Errorf("a call within the limit: %v", err)
			}
		}
		if _, err := h.Hash(t.Context(), "correct horse"); err != nil {
			t.Errorf("after the other calls: %v", err)
		}
	})
}

func TestContextIsDoneWhileWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := New(1)
		fill(h)
		for name, call := range hashingCalls(h) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			start := time.Now()
			err := call(ctx)
			cancel()
			if f, ok := apperror.From(err); !ok || f.Code != apperror.Unavailable ||
				!errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: got %v, want Unavailable and the error of the context", name, err)
			}
			if time.Since(start) != time.Second || h.waiting.Load() != 0 {
				t.Errorf("%s waited %v, and %d calls still wait", name, time.Since(start), h.waiting.Load())
			}
		}
	})
}
