package store

import (
	"context"
	"fmt"
	"sync"
)

// maxBatch bounds how many reactions one statement takes.
const maxBatch = 256

// A merger turns reactions that wait for the same post into one statement. A post's row is locked by each writer in
// turn, so what bounds a hot post is the number of transactions, not of reactions: while one statement runs, those
// that come are collected, and the next takes them all. A post that nobody else reacts to waits for nothing.
// Only reactions to the same thing are merged: a statement over several posts would wait for the slowest.
type merger struct {
	run func(ctx context.Context, thing int64, users []int64, types []int16) (map[int64]reacted, error)

	mu     sync.Mutex
	queues map[int64]*queue // of the things whose statement runs now
}

// A queue is who waits for one thing.
type queue struct{ waiting []*wish }

// A wish is one caller's reaction, or cancellation, until it is answered.
type wish struct {
	user   int64
	kind   int16 // 1–5, or 0 to cancel
	answer chan outcome
}

// An outcome is what a caller wakes up to: its answer, or the turn to run a batch in which its own wish is.
type outcome struct {
	reacted reacted
	err     error
	batch   []*wish
}

func newMerger(run func(context.Context, int64, []int64, []int16) (map[int64]reacted, error)) *merger {
	return &merger{run: run, queues: map[int64]*queue{}}
}

func (m *merger) put(ctx context.Context, viewer, thing int64, kind int, missing error) (Reaction, bool, error) {
	r, err := m.do(ctx, viewer, thing, int16(kind), missing) //nolint:gosec // there are five kinds
	return r.Reaction, r.Created, err
}

func (m *merger) cancel(ctx context.Context, viewer, thing int64, missing error) error {
	r, err := m.do(ctx, viewer, thing, 0, missing)
	if err == nil && !r.Cancelled {
		return errNoReaction
	}
	return err
}

func (m *merger) do(ctx context.Context, viewer, thing int64, kind int16, missing error) (reacted, error) {
	mine := &wish{viewer, kind, make(chan outcome, 1)}
	batch := m.enter(thing, mine)
	if batch == nil {
		select {
		case woken := <-mine.answer:
			if woken.batch == nil {
				return checked(woken, missing)
			}
			batch = woken.batch
		case <-ctx.Done():
			if m.leave(thing, mine) {
				return reacted{}, ctx.Err()
			}
			// Too late: a batch has it. Whoever runs the batch is answered for; the turn to run one must not be lost.
			woken := <-mine.answer
			if woken.batch == nil {
				return checked(woken, missing)
			}
			batch = woken.batch
		}
	}
	m.lead(ctx, thing, batch)
	return checked(<-mine.answer, missing)
}

func checked(o outcome, missing error) (reacted, error) {
	switch {
	case o.err != nil:
		return reacted{}, o.err
	case !o.reacted.Live:
		return reacted{}, errAccount
	case !o.reacted.Found:
		return reacted{}, missing
	}
	return o.reacted, nil
}

// enter queues the wish, or, where no statement for the thing runs, answers the batch to run at once.
func (m *merger) enter(thing int64, mine *wish) (batch []*wish) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if q := m.queues[thing]; q != nil {
		q.waiting = append(q.waiting, mine)
		return nil
	}
	m.queues[thing] = &queue{}
	return []*wish{mine}
}

// leave takes a wish back that no batch has yet.
func (m *merger) leave(thing int64, mine *wish) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queues[thing]
	if q == nil {
		return false
	}
	for i, w := range q.waiting {
		if w == mine {
			q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// lead runs a batch, answers its callers, and hands the next batch to the first who waits for it.
func (m *merger) lead(ctx context.Context, thing int64, batch []*wish) {
	users, types := make([]int64, len(batch)), make([]int16, len(batch))
	for i, w := range batch {
		users[i], types[i] = w.user, w.kind
	}
	result, err := m.runSafely(ctx, thing, users, types)
	for _, w := range batch {
		w.answer <- outcome{reacted: result[w.user], err: err}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queues[thing]
	next := q.take()
	if len(next) == 0 {
		delete(m.queues, thing)
		return
	}
	next[0].answer <- outcome{batch: next}
}

// runSafely makes an error of a panic, which would leave everybody else waiting.
func (m *merger) runSafely(ctx context.Context, thing int64, users []int64, types []int16) (_ map[int64]reacted, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("react to %d: panic: %v", thing, cause)
		}
	}()
	return m.run(ctx, thing, users, types)
}

// take removes the next batch from the queue: each user once, so that one user's wishes keep their order.
func (q *queue) take() (batch []*wish) {
	seen := map[int64]bool{}
	var later []*wish
	for _, w := range q.waiting {
		if seen[w.user] || len(batch) == maxBatch {
			later = append(later, w)
		} else {
			batch = append(batch, w)
		}
		seen[w.user] = true
	}
	q.waiting = later
	return batch
}
