package password

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"minifb/shared/apperror"
)

// fill uses every slot.
func fill(h *Hasher) {
	h.queue.free = 0
}

// hashingCalls returns the calls that need a slot.
func hashingCalls(h *Hasher) map[string]func(context.Context, Requester) error {
	verify := func(stored string) func(context.Context, Requester) error {
		return func(ctx context.Context, r Requester) error {
			_, _, err := h.Verify(ctx, r, stored, "correct horse")
			return err
		}
	}
	hash := func(ctx context.Context, r Requester) error {
		_, err := h.Hash(ctx, r, "correct horse")
		return err
	}
	return map[string]func(context.Context, Requester) error{
		"hash":            hash,
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
		for name, call := range hashingCalls(h) {
			for range each {
				go func() { done <- call(t.Context(), Requester{Client: name}) }()
			}
		}
		synctest.Wait()
		if len(done) != 0 || h.queue.waiting != 3*each {
			t.Fatalf("without a free slot %d calls returned and %d wait, want 0 and %d",
				len(done), h.queue.waiting, 3*each)
		}
		h.queue.release() // all of them use one slot, one after the other
		synctest.Wait()
		if len(done) != 3*each || h.queue.waiting != 0 {
			t.Fatalf("with a free slot %d calls returned and %d wait, want %d and 0",
				len(done), h.queue.waiting, 3*each)
		}
		for range 3 * each {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if h.queue.free != 1 {
			t.Errorf("%d slots are free, want one", h.queue.free)
		}
	})
}

func TestOverload(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := New(1)
		fill(h)
		limit := h.queue.capacity
		done := make(chan error, limit)
		for i := range limit {
			go func() {
				_, err := h.Hash(t.Context(), Requester{Client: fmt.Sprint(i)}, "correct horse")
				done <- err
			}()
		}
		synctest.Wait()
		for name, call := range hashingCalls(h) {
			start := time.Now()
			err := call(t.Context(), Requester{Client: "one more"})
			f, ok := apperror.From(err)
			if !ok || f.Code != apperror.Unavailable || f.Hint == "" {
				t.Errorf("%s beyond the limit: got %v, want Unavailable", name, err)
			}
			if time.Since(start) != 0 {
				t.Errorf("%s beyond the limit waited", name)
			}
		}
		h.queue.release()
		for range limit {
			if err := <-done; err != nil {
				t.Errorf("a call within the limit: %v", err)
			}
		}
		if _, err := h.Hash(t.Context(), Requester{}, "correct horse"); err != nil {
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
			err := call(ctx, Requester{})
			cancel()
			if f, ok := apperror.From(err); !ok || f.Code != apperror.Unavailable ||
				!errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: got %v, want Unavailable and the error of the context", name, err)
			}
			if time.Since(start) != time.Second || h.queue.waiting != 0 {
				t.Errorf("%s waited %v, and %d calls still wait", name, time.Since(start), h.queue.waiting)
			}
		}
	})
}
