package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"minifb/shared/apperror"
)

// A recorder runs batches in place of the database. Each takes a second of the bubble's time and
// succeeds.
type recorder struct {
	mu      sync.Mutex
	batches []string // "5: 1=3 2=0" is target 5, user 1 putting type 3 and user 2 cancelling
	running map[int64]int
	t       *testing.T
}

func (r *recorder) run(
	_ context.Context, target int64, users []int64, types []int16,
) (map[int64]reactionResult, error) {
	r.mu.Lock()
	text := fmt.Sprint(target, ":")
	for i, user := range users {
		text += fmt.Sprint(" ", user, "=", types[i])
	}
	r.batches = append(r.batches, text)
	if r.running[target]++; r.running[target] > 1 {
		r.t.Errorf("two batches for target %d run at once", target)
	}
	r.mu.Unlock()
	time.Sleep(time.Second)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running[target]--
	results := map[int64]reactionResult{}
	for i, user := range users {
		reaction := Reaction{UserUID: user, Type: int(types[i])}
		results[user] = reactionResult{reaction, true, true, types[i] == cancelType, types[i] != cancelType}
	}
	return results, nil
}

func (r *recorder) expect(want ...string) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.batches, want) {
		r.t.Errorf("the merger ran %q, want %q", r.batches, want)
	}
}

// afterBatch returns a runBatch that also calls then, after the batch whose first user this is, and
// returns its error.
func afterBatch(run runBatch, user int64, then func() error) runBatch {
	return func(ctx context.Context, target int64, users []int64, types []int16) (map[int64]reactionResult, error) {
		results, err := run(ctx, target, users, types)
		if users[0] == user {
			err = then()
		}
		return results, err
	}
}

// inBubble runs a test with a merger over a recorder. At the end no goroutine and no queue may be
// left.
func inBubble(t *testing.T, test func(t *testing.T, m *merger, r *recorder)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{running: map[int64]int{}, t: t}
		m := newMerger(r.run, errNoPost)
		test(t, m, r)
		synctest.Wait()
		if len(m.queues) != 0 {
			t.Errorf("queues are left: %v", m.queues)
		}
	})
}

// startPut puts a reaction in a goroutine, and waits until it runs or is queued.
func startPut(ctx context.Context, m *merger, user, target int64, kind int, check func(Reaction, error)) {
	go func() {
		r, _, err := m.put(ctx, user, target, kind)
		check(r, err)
	}()
	synctest.Wait()
}

// expectOwn returns a check that the caller gets its own reaction.
func expectOwn(t *testing.T, user int64, kind int) func(Reaction, error) {
	return func(r Reaction, err error) {
		if err != nil || r.UserUID != user || r.Type != kind {
			t.Errorf("user %d got %+v, %v, want the type %d", user, r, err, kind)
		}
	}
}

// expectCanceled returns a check that the caller gets its context's error.
func expectCanceled(t *testing.T) func(Reaction, error) {
	return func(_ Reaction, err error) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	}
}

func TestReactionsAreQueuedWhileAStatementRuns(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, m *merger, r *recorder) {
		for user := int64(1); user <= 4; user++ {
			startPut(t.Context(), m, user, 5, int(user), expectOwn(t, user, int(user)))
		}
		startPut(t.Context(), m, 1, 6, 2, expectOwn(t, 1, 2)) // another target: does not wait
		time.Sleep(time.Minute)
		r.expect("5: 1=1", "6: 1=2", "5: 2=2 3=3 4=4")
	})
}

func TestReactionsOfOneUserKeepTheirOrder(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, m *merger, r *recorder) {
		startPut(t.Context(), m, 9, 5, 1, expectOwn(t, 9, 1))
		for _, kind := range []int{1, 2, 3} {
			startPut(t.Context(), m, 1, 5, kind, expectOwn(t, 1, kind))
			startPut(t.Context(), m, 2, 5, kind, expectOwn(t, 2, kind))
		}
		go func() {
			if err := m.cancel(t.Context(), 1, 5); err != nil {
				t.Error(err)
			}
		}()
		time.Sleep(time.Minute)
		r.expect("5: 9=1", "5: 1=1 2=1", "5: 1=2 2=2", "5: 1=3 2=3", "5: 1=0")
	})
}

func TestBatchSizeIsBounded(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, m *merger, r *recorder) {
		for user := range int64(maxBatch + 2) {
			startPut(t.Context(), m, user+1, 5, 1, expectOwn(t, user+1, 1))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		var sizes []int
		for _, batch := range r.batches {
			sizes = append(sizes, strings.Count(batch, "="))
		}
		if want := []int{1, maxBatch, 1}; !slices.Equal(sizes, want) {
			t.Errorf("the batches have the sizes %v, want %v", sizes, want)
		}
	})
}

func TestCanceledCallerLeavesTheQueue(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, m *merger, r *recorder) {
		startPut(t.Context(), m, 1, 5, 1, expectOwn(t, 1, 1))
		ctx, cancel := context.WithCancel(t.Context())
		startPut(ctx, m, 2, 5, 2, expectCanceled(t))
		startPut(t.Context(), m, 3, 5, 3, expectOwn(t, 3, 3))
		startPut(ctx, m, 4, 5, 4, expectCanceled(t))
		cancel()
		synctest.Wait()
		time.Sleep(time.Minute)
		r.expect("5: 1=1", "5: 3=3")
	})
}

// A caller whose reaction is in a running batch gets its result, even if its context is cancelled
// by then.
func TestCanceledCallerInABatchGetsItsResult(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, m *merger, r *recorder) {
		ctx, cancel := context.WithCancel(t.Context())
		startPut(ctx, m, 1, 5, 1, expectOwn(t, 1, 1))
		startPut(ctx, m, 2, 5, 2, expectOwn(t, 2, 2))
		startPut(ctx, m, 3, 5, 3, expectOwn(t, 3, 3))
		time.Sleep(1500 * time.Millisecond) // the second batch runs
		cancel()
		time.Sleep(time.Minute)
		r.expect("5: 1=1", "5: 2=2 3=3")
	})
}

// A caller is chosen to run a batch at the moment in which its context is cancelled.
func TestCanceledCallerStillRunsItsBatch(t *testing.T) {
	t.Parallel()
	for range 50 { // which of the two the caller sees first is random
		inBubble(t, func(t *testing.T, m *merger, r *recorder) {
			ctx, cancel := context.WithCancel(t.Context())
			m.run = afterBatch(r.run, 1, func() error {
				cancel()
				return nil
			})
			left := false
			startPut(t.Context(), m, 1, 5, 1, expectOwn(t, 1, 1))
			startPut(ctx, m, 2, 5, 2, func(got Reaction, err error) {
				if left = errors.Is(err, context.Canceled); !left {
					expectOwn(t, 2, 2)(got, err)
				}
			})
			startPut(t.Context(), m, 3, 5, 3, expectOwn(t, 3, 3))
			time.Sleep(time.Minute)
			synctest.Wait()
			if left {
				r.expect("5: 1=1", "5: 3=3")
			} else {
				r.expect("5: 1=1", "5: 2=2 3=3")
			}
		})
	}
}

func TestFailedBatchFailsForEachOfItsCallers(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func() error{
		"an error": func() error { return errors.New("failed on purpose") },
		"a panic":  func() error { panic("failed on purpose") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, m *merger, r *recorder) {
				m.run = afterBatch(r.run, 2, fail)
				expectFailure := func(_ Reaction, err error) {
					if err == nil || !strings.Contains(err.Error(), "failed on purpose") {
						t.Errorf("got %v, want the batch's error", err)
					}
				}
				startPut(t.Context(), m, 1, 5, 1, expectOwn(t, 1, 1))
				startPut(t.Context(), m, 2, 5, 2, expectFailure)
				startPut(t.Context(), m, 3, 5, 3, expectFailure)
				time.Sleep(1500 * time.Millisecond)
				startPut(t.Context(), m, 4, 5, 4, expectOwn(t, 4, 4)) // the next batch does not fail
				time.Sleep(time.Minute)
				r.expect("5: 1=1", "5: 2=2 3=3", "5: 4=4")
			})
		})
	}
}

func TestResultOf(t *testing.T) {
	t.Parallel()
	m := newMerger(func(_ context.Context, _ int64, users []int64, _ []int16) (map[int64]reactionResult, error) {
		return map[int64]reactionResult{users[0]: {HasTarget: true, HasAccount: true}}, nil
	}, errNoPost)
	failed := errors.New("failed on purpose")
	for name, test := range map[string]struct {
		wakeUp wakeUp
		want   error
	}{
		"a failure":   {wakeUp{err: failed}, failed},
		"no target":   {wakeUp{result: reactionResult{HasAccount: true}}, errNoPost},
		"no account":  {wakeUp{result: reactionResult{HasTarget: true}}, errAccount},
		"neither":     {wakeUp{}, errAccount},
		"a reaction ": {wakeUp{result: reactionResult{HasTarget: true, HasAccount: true}}, nil},
	} {
		if _, err := m.resultOf(test.wakeUp); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
	if e, ok := apperror.From(m.cancel(t.Context(), 1, 5)); !ok || e.Code != apperror.NotFound {
		t.Errorf("cancelling without a reaction: got %v, want NotFound", e)
	}
}
