package store

import (
	"context"
	"fmt"
	"sync"
)

// maxBatch bounds how many reactions one statement stores.
const maxBatch = 256

// A merger stores reactions that wait for the same post, or the same comment, with one statement.
// Each writer locks the target's row in turn, so the throughput of a hot post is limited by the
// number of transactions, not of reactions. While one statement runs, the reactions that arrive are
// queued, and the next statement stores them all. A reaction that finds no statement running for
// its target does not wait. Reactions to different targets are never merged: they would wait for
// the slowest row.
type merger struct {
	run     runBatch
	missing error // returned if there is no such target

	mu     sync.Mutex
	queues map[int64]*queue // by target; a queue exists while a statement runs for the target
}

// A queue holds the reactions that wait for the statement that runs.
type queue struct{ waiting []*pending }

// A pending is a reaction or a cancellation that has no result yet.
type pending struct {
	user int64
	kind int16 // 1–5 or cancelType
	wake chan wakeUp
}

// A wakeUp is what a waiting caller receives: its result, or else a batch that it must run. Its own
// reaction is in the batch.
type wakeUp struct {
	result reactionResult
	err    error
	batch  []*pending
}

func newMerger(run runBatch, missing error) *merger {
	return &merger{run: run, missing: missing, queues: map[int64]*queue{}}
}

func (m *merger) put(ctx context.Context, viewer, target int64, kind int) (r Reaction, created bool, err error) {
	result, err := m.do(ctx, viewer, target, int16(kind)) //nolint:gosec // there are five kinds
	return result.Reaction, result.Created, err
}

func (m *merger) cancel(ctx context.Context, viewer, target int64) error {
	result, err := m.do(ctx, viewer, target, cancelType)
	if err == nil && !result.Cancelled {
		return errNoReaction
	}
	return err
}

// do stores a reaction, alone or in a batch, and returns its result.
func (m *merger) do(ctx context.Context, viewer, target int64, kind int16) (reactionResult, error) {
	own := &pending{viewer, kind, make(chan wakeUp, 1)}
	batch := m.enter(target, own)
	if batch == nil {
		var woken wakeUp
		select {
		case woken = <-own.wake:
		case <-ctx.Done():
			if m.leave(target, own) {
				return reactionResult{}, ctx.Err()
			}
			// A batch has the reaction already. Its result is known soon; and if this caller was
			// chosen to run the batch, the others depend on it.
			woken = <-own.wake
		}
		if woken.batch == nil {
			return m.resultOf(woken)
		}
		batch = woken.batch
	}
	m.runAndWake(ctx, target, batch)
	return m.resultOf(<-own.wake)
}

// resultOf returns the result in a wake-up, or the error that it means.
func (m *merger) resultOf(w wakeUp) (reactionResult, error) {
	switch {
	case w.err != nil:
		return reactionResult{}, w.err
	case !w.result.HasAccount:
		return reactionResult{}, errAccount
	case !w.result.HasTarget:
		return reactionResult{}, m.missing
	}
	return w.result, nil
}

// enter queues the reaction. If no statement runs for the target, it returns a batch for the caller
// to run instead.
func (m *merger) enter(target int64, own *pending) (batch []*pending) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if q := m.queues[target]; q != nil {
		q.waiting = append(q.waiting, own)
		return nil
	}
	m.queues[target] = &queue{}
	return []*pending{own}
}

// leave removes the reaction from the queue, and reports whether it was there. It is not once a
// batch has it.
func (m *merger) leave(target int64, own *pending) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queues[target]
	if q == nil {
		return false
	}
	for i, p := range q.waiting {
		if p == own {
			q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// runAndWake runs a batch and wakes its callers. Then it wakes the first caller of the next batch,
// to run that.
func (m *merger) runAndWake(ctx context.Context, target int64, batch []*pending) {
	users, types := make([]int64, len(batch)), make([]int16, len(batch))
	for i, p := range batch {
		users[i], types[i] = p.user, p.kind
	}
	results, err := m.runSafely(ctx, target, users, types)
	for _, p := range batch {
		p.wake <- wakeUp{result: results[p.user], err: err}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	next := m.queues[target].take()
	if len(next) == 0 {
		delete(m.queues, target)
		return
	}
	next[0].wake <- wakeUp{batch: next}
}

// runSafely turns a panic into an error; otherwise the other callers would wait forever.
func (m *merger) runSafely(
	ctx context.Context, target int64, users []int64, types []int16,
) (_ map[int64]reactionResult, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("react to %d: panic: %v", target, cause)
		}
	}()
	return m.run(ctx, target, users, types)
}

// take removes the next batch from the queue. It contains each user once, so that a user's
// reactions keep their order.
func (q *queue) take() (batch []*pending) {
	seen := map[int64]bool{}
	var later []*pending
	for _, p := range q.waiting {
		if seen[p.user] || len(batch) == maxBatch {
			later = append(later, p)
		} else {
			batch = append(batch, p)
		}
		seen[p.user] = true
	}
	q.waiting = later
	return batch
}
