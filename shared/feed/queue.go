package feed

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"
)

const (
	capacity    = 8192            // records that may wait
	batchSize   = 500             // records sent at once
	batchTime   = time.Second     // the longest that a record waits for others
	sendTimeout = 5 * time.Second // of one attempt
	attempts    = 6               // of one batch: with the pauses, half a minute or more
	firstPause  = time.Second     // after the first attempt; then twice as long each time
	maxPause    = time.Minute
	lastPause   = 100 * time.Millisecond // between attempts while the process ends
	reportEvery = time.Minute            // between two log lines about failures
)

// A queue sends records to a receiver in the background. It holds a bounded number of them and drops
// what is beyond, so that add never waits.
type queue[T any] struct {
	name  string
	items chan T
	send  func(context.Context, []T) outcome[T]
	log   *slog.Logger

	sent, dropped atomic.Int64

	stopping chan struct{}   // closed when the process ends
	sending  context.Context // done when no time is left to send
	cancel   context.CancelFunc
	done     chan struct{} // closed when the queue sends no more

	reported   int64 // drops that were logged
	reportedAt time.Time
}

// An outcome is what became of a batch. Records that were neither sent nor are to be sent again are
// dropped.
type outcome[T any] struct {
	sent  int
	again []T
	after time.Duration // how long the receiver wants to be left alone
	err   error         // why not all were sent
}

func newQueue[T any](name string, log *slog.Logger, send func(context.Context, []T) outcome[T]) *queue[T] {
	q := &queue[T]{
		name: name, items: make(chan T, capacity), send: send, log: log,
		stopping: make(chan struct{}), done: make(chan struct{}),
	}
	q.sending, q.cancel = context.WithCancel(context.Background()) //nolint:gosec // close calls it
	go q.run()
	return q
}

// add adds a record, or drops it if the queue is full.
func (q *queue[T]) add(item T) {
	select {
	case q.items <- item:
	default:
		q.dropped.Add(1)
	}
}

// close sends what waits, until ctx is done, and drops the rest.
func (q *queue[T]) close(ctx context.Context) {
	close(q.stopping)
	select {
	case <-q.done:
	case <-ctx.Done():
		q.cancel()
		<-q.done
	}
	q.cancel()
	q.dropped.Add(int64(len(q.items)))
	q.log.Info("feed ended", "feed", q.name, "sent", q.sent.Load(), "dropped", q.dropped.Load())
}

func (q *queue[T]) run() {
	defer close(q.done)
	for more := true; more && q.sending.Err() == nil; {
		var batch []T
		batch, more = q.collect()
		if len(batch) > 0 {
			q.deliver(batch)
		}
	}
}

// collect waits for a batch. It reports false when the process ends and no record is left.
func (q *queue[T]) collect() (batch []T, more bool) {
	var late <-chan time.Time
	for len(batch) < batchSize {
		select {
		case item := <-q.items:
			if batch == nil {
				late = time.After(batchTime)
			}
			batch = append(batch, item)
		case <-late:
			return batch, true
		case <-q.stopping:
			select {
			case item := <-q.items:
				batch = append(batch, item)
			default:
				return batch, false
			}
		}
	}
	return batch, true
}

// deliver sends a batch, several times if need be.
func (q *queue[T]) deliver(batch []T) {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		ctx, cancel := context.WithTimeout(q.sending, sendTimeout)
		o := q.send(ctx, batch)
		cancel()
		q.sent.Add(int64(o.sent))
		q.dropped.Add(int64(len(batch) - o.sent - len(o.again)))
		batch = o.again
		last := len(batch) > 0 && (attempt == attempts || q.sending.Err() != nil)
		if last {
			q.dropped.Add(int64(len(batch)))
		}
		q.report(o.err)
		if last || len(batch) == 0 {
			return
		}
		q.pause(min(max(pause, o.after), maxPause))
		pause *= 2
	}
}

// pause waits before the next attempt, and only shortly if the process ends.
func (q *queue[T]) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-q.sending.Done():
	case <-q.stopping:
		select {
		case <-time.After(lastPause):
		case <-q.sending.Done():
		}
	}
}

// report logs a failure with the number of records that were dropped since the last report, at most
// once in reportEvery.
func (q *queue[T]) report(err error) {
	dropped := q.dropped.Load()
	if (err == nil && dropped == q.reported) || time.Since(q.reportedAt) < reportEvery {
		return
	}
	attributes := []any{"feed", q.name, "dropped", dropped - q.reported}
	if err != nil {
		attributes = append(attributes, "error", shorten(err.Error()))
	}
	q.log.Warn("feed fails", attributes...)
	q.reported, q.reportedAt = dropped, time.Now()
}

// shorten cuts a text that another program has chosen, and makes it valid UTF-8, which protobuf demands.
func shorten(text string) string {
	const most = 1000
	if len(text) > most {
		text = text[:most] + "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
