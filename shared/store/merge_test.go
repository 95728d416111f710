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

// A recorder stands for the database: each batch takes a second of the bubble's time, and everything succeeds.
type recorder struct {
	mu      sync.Mutex
	batches []string // "5: 1=3 2=0": the thing, then users and types
	running map[int64]int
	t       *testing.T
}

func (r *recorder) run(_ context.Context, thing int64, users []int64, types []int16) (map[int64]reacted, error) {
	r.mu.Lock()
	text := fmt.Sprint(thing, ":")
	for i, user := range users {
		text += fmt.Sprint(" ", user, "=", types[i])
	}
	r.batches = append(r.batches, text)
	if r.running[thing]++; r.running[thing] > 1 {
		r.t.Errorf("two batches for %d run at once", thing)
	}
	r.mu.Unlock()
	time.Sleep(time.Second)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running[thing]--
	result := map[int64]reacted{}
	for i, user := range users {
		result[user] = reacted{Reaction: Reaction{UserUID: user, Type: int(types[i])}, Found: true, Live: true, Cancelled: types[i] == 0}
	}
	return result, nil
}

// merging runs a test in a bubble, with a merger over a recorder. No goroutine and no queue may be left at its end.
func merging(t *testing.T, f func(t *testing.T, m *merger, r *recorder)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{running: map[int64]int{}, t: t}
		m := newMerger(r.run)
		f(t, m, r)
		synctest.Wait()
		if len(m.queues) != 0 {
			t.Errorf("queues are left: %v", m.queues)
		}
	})
}

// wants starts a put and waits until it runs or is queued.
func wants(ctx context.Context, m *merger, user, thing int64, kind int, done func(Reaction, error)) {
	go func() {
		r, _, err := m.put(ctx, user, thing, kind, errNoPost)
		done(r, err)
	}()
	synctest.Wait()
}

func (r *recorder) expect(want ...string) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.batches, want) {
		r.t.Errorf("ran %q, want %q", r.batches, want)
	}
}

// own checks that each caller gets its own answer.
func own(t *testing.T, user int64, kind int) func(Reaction, error) {
	return func(r Reaction, err error) {
		if err != nil || r.UserUID != user || r.Type != kind {
			t.Errorf("user %d got %+v, %v", user, r, err)
		}
	}
}

func TestABatchCollectsWhileOneRuns(t *testing.T) {
	t.Parallel()
	merging(t, func(t *testing.T, m *merger, r *recorder) {
		for user := int64(1); user <= 4; user++ {
			wants(t.Context(), m, user, 5, int(user), own(t, user, int(user)))
		}
		wants(t.Context(), m, 1, 6, 2, own(t, 1, 2)) // another thing waits for nothing
		time.Sleep(time.Minute)
		r.expect("5: 1=1", "6: 1=2", "5: 2=2 3=3 4=4")
	})
}

func TestOnesOwnWishesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	merging(t, func(t *testing.T, m *merger, r *recorder) {
		wants(t.Context(), m, 9, 5, 1, own(t, 9, 1))
		for _, kind := range []int{1, 2, 3} {
			wants(t.Context(), m, 1, 5, kind, own(t, 1, kind))
			wants(t.Context(), m, 2, 5, kind, own(t, 2, kind))
		}
		go func() {
			if err := m.cancel(t.Context(), 1, 5, errNoPost); err != nil {
				t.Error(err)
			}
		}()
		time.Sleep(time.Minute)
		r.expect("5: 9=1", "5: 1=1 2=1", "5: 1=2 2=2", "5: 1=3 2=3", "5: 1=0")
	})
}

func TestABatchIsBounded(t *testing.T) {
	t.Parallel()
	merging(t, func(t *testing.T, m *merger, r *recorder) {
		for user := range int64(maxBatch + 2) {
			wants(t.Context(), m, user+1, 5, 1, own(t, user+1, 1))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		var sizes []int
		for _, batch := range r.batches {
			sizes = append(sizes, strings.Count(batch, "="))
		}
		if !slices.Equal(sizes, []int{1, maxBatch, 1}) {
			t.Errorf("batches of %v", sizes)
		}
	})
}

func TestAWaiterThatGoesAwayLeaves(t *testing.T) {
	t.Parallel()
	merging(t, func(t *testing.T, m *merger, r *recorder) {
		given := func(_ Reaction, err error) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("answered %v", err)
			}
		}
		wants(t.Context(), m, 1, 5, 1, own(t, 1, 1))
		ctx, cancel := context.WithCancel(t.Context())
		wants(ctx, m, 2, 5, 2, given)
		wants(t.Context(), m, 3, 5, 3, own(t, 3, 3))
		wants(ctx, m, 4, 5, 4, given)
		cancel()
		synctest.Wait()
		time.Sleep(time.Minute)
		r.expect("5: 1=1", "5: 3=3")
	})
}

// Whoever is in a batch that runs is answered by it, even who has gone away: what happened is known.
func TestWhoIsInABatchStaysForIt(t *testing.T) {
	t.Parallel()
	merging(t, func(t *testing.T, m *merger, r *recorder) {
		ctx, cancel := context.WithCancel(t.Context())
		wants(ctx, m, 1, 5, 1, own(t, 1, 1))
		wants(ctx, m, 2, 5, 2, own(t, 2, 2))
		wants(ctx, m, 3, 5, 3, own(t, 3, 3))
		time.Sleep(1500 * time.Millisecond) // the second batch runs
		cancel()
		time.Sleep(time.Minute)
		r.expect("5: 1=1", "5: 2=2 3=3")
	})
}

// The turn to run a batch is handed to a caller in the very moment in which it goes away.
func TestALeaderThatGoesAwayStillLeads(t *testing.T) {
	t.Parallel()
	for range 50 { // which of the two it sees first is chance
		merging(t, func(t *testing.T, m *merger, r *recorder) {
			ctx, cancel := context.WithCancel(t.Context())
			m.run = func(c context.Context, thing int64, users []int64, types []int16) (map[int64]reacted, error) {
				result, err := r.run(c, thing, users, types)
				if users[0] == 1 {
					cancel()
				}
				return result, err
			}
			left := 0
			maybe := func(user int64) func(Reaction, error) {
				return func(got Reaction, err error) {
					if errors.Is(err, context.Canceled) {
						left++
						return
					}
					own(t, user, 2)(got, err)
				}
			}
			wants(t.Context(), m, 1, 5, 1, own(t, 1, 1))
			wants(ctx, m, 2, 5, 2, maybe(2))
			wants(t.Context(), m, 3, 5, 3, own(t, 3, 3))
			time.Sleep(time.Minute)
			synctest.Wait()
			if left == 1 {
				r.expect("5: 1=1", "5: 3=3")
			} else {
				r.expect("5: 1=1", "5: 2=2 3=3")
			}
		})
	}
}

func TestAFailureIsEverybodysInTheBatch(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func() error{
		"an error": func() error { return errors.New("no luck") },
		"a panic":  func() error { panic("no luck") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			merging(t, func(t *testing.T, m *merger, r *recorder) {
				recorded := m.run
				m.run = func(ctx context.Context, thing int64, users []int64, types []int16) (map[int64]reacted, error) {
					result, err := recorded(ctx, thing, users, types)
					if users[0] == 2 {
						return nil, fail()
					}
					return result, err
				}
				failed := func(_ Reaction, err error) {
					if err == nil || !strings.Contains(err.Error(), "no luck") {
						t.Errorf("answered %v", err)
					}
				}
				wants(t.Context(), m, 1, 5, 1, own(t, 1, 1))
				wants(t.Context(), m, 2, 5, 2, failed)
				wants(t.Context(), m, 3, 5, 3, failed)
				time.Sleep(1500 * time.Millisecond)
				wants(t.Context(), m, 4, 5, 4, own(t, 4, 4)) // the next batch does not mind
				time.Sleep(time.Minute)
				r.expect("5: 1=1", "5: 2=2 3=3", "5: 4=4")
			})
		})
	}
}

func TestWhatAnOutcomeMeans(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	for name, test := range map[string]struct {
		outcome outcome
		want    error
	}{
		"failed":              {outcome{err: down}, down},
		"nothing to react to": {outcome{reacted: reacted{Live: true}}, errNoPost},
		"nobody to react":     {outcome{reacted: reacted{Found: true}}, errAccount},
		"neither":             {outcome{}, errAccount},
		"done":                {outcome{reacted: reacted{Found: true, Live: true}}, nil},
	} {
		if _, err := checked(test.outcome, errNoPost); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	m := newMerger(func(_ context.Context, _ int64, users []int64, _ []int16) (map[int64]reacted, error) {
		return map[int64]reacted{users[0]: {Found: true, Live: true}}, nil
	})
	if f, ok := apperror.From(m.cancel(t.Context(), 1, 5, errNoPost)); !ok || f.Code != apperror.NotFound {
		t.Error("nothing was cancelled, and nobody told")
	}
}
