package stat

import (
	"context"
	"crypto/rand"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"minifb/shared/api"
	"minifb/shared/store"
)

const (
	// interval is the pause between two flushes. A process that is killed loses at most what it has
	// counted since the last one.
	interval = 700 * time.Millisecond
	// flushTimeout is how long one flush may take. It may well have succeeded then.
	flushTimeout = 2 * time.Second
	// fineTime is how long batches are kept apart in steps of 10 seconds while the database is
	// unreachable. Older ones are merged into steps of five minutes, and those older than kept are
	// dropped, as they would not be shown any more. So an outage costs 1 to 3 MB.
	fineTime = time.Hour
	kept     = 48 * time.Hour
)

// A Recorder counts the requests of a process. Add only counts in memory; Flush stores what was
// counted. A nil Recorder counts nothing.
type Recorder struct {
	store  *store.Store
	log    *slog.Logger
	writer string // this process, in the store

	mu   sync.Mutex
	open map[int64]*store.RequestBatch // by the Unix time of their start

	flushing sync.Mutex                    // held by Flush, for the rest
	waiting  map[int64]*store.RequestBatch // to be stored, like open
	sent     *store.RequestBatch           // whose outcome is not known; it is sent again as it is
	position int64                         // of the last stored batch
	failing  bool                          // the last flush has failed
}

// NewRecorder returns a recorder that stores what it counts in s.
func NewRecorder(s *store.Store, log *slog.Logger) *Recorder {
	return &Recorder{
		store: s, log: log, writer: rand.Text(),
		open: map[int64]*store.RequestBatch{}, waiting: map[int64]*store.RequestBatch{},
	}
}

// Add counts a request whose response has just been sent.
func (r *Recorder) Add(e store.Endpoint, took time.Duration) {
	if r != nil {
		r.add(time.Now(), e, took)
	}
}

func (r *Recorder) add(at time.Time, e store.Endpoint, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := batchAt(r.open, at.Truncate(store.RequestStep))
	b.Counts[e]++
	(*histogram)(&b.Times).add(bin(took), 1)
}

// batchAt returns the batch of this start, which it adds if necessary.
func batchAt(batches map[int64]*store.RequestBatch, at time.Time) *store.RequestBatch {
	b := batches[at.Unix()]
	if b == nil {
		b = &store.RequestBatch{At: at, Counts: map[store.Endpoint]int64{}}
		batches[at.Unix()] = b
	}
	return b
}

// Start begins to flush in intervals, until the function that it returns is called. That flushes
// what is left.
func (r *Recorder) Start() (stop func()) {
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				r.Flush(context.Background())
			}
		}
	})
	return func() {
		close(done)
		running.Wait()
		r.Flush(context.Background())
	}
}

// Flush stores what was counted. What it cannot store is kept for the next flush, and nothing is
// counted twice. The first failure of several is logged. It takes two seconds at most.
func (r *Recorder) Flush(ctx context.Context) {
	if r == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	r.flushing.Lock()
	defer r.flushing.Unlock()
	r.collect(time.Now())
	err := r.send(ctx)
	if failing := err != nil; failing != r.failing {
		r.failing = failing
		if failing {
			r.log.Warn("counted requests cannot be stored, and wait", "error", api.Redact(err.Error()))
		} else {
			r.log.Info("counted requests are stored again")
		}
	}
}

// collect makes wait what was counted since the last flush.
func (r *Recorder) collect(now time.Time) {
	r.mu.Lock()
	open := r.open
	r.open = map[int64]*store.RequestBatch{}
	r.mu.Unlock()
	for _, b := range open {
		merge(batchAt(r.waiting, b.At), b)
	}
	for start, b := range r.waiting {
		coarse := b.At.Truncate(store.LongRequestStep)
		switch age := now.Sub(b.At); {
		case age > kept:
			delete(r.waiting, start)
		case age > fineTime && coarse.Before(b.At):
			delete(r.waiting, start)
			merge(batchAt(r.waiting, coarse), b)
		}
	}
}

// merge adds the requests of a batch to another.
func merge(to, from *store.RequestBatch) {
	for endpoint, n := range from.Counts {
		to.Counts[endpoint] += n
	}
	(*histogram)(&to.Times).merge(from.Times)
}

// send stores the waiting batches one by one, oldest first, until one fails.
func (r *Recorder) send(ctx context.Context) error {
	for r.sent != nil || len(r.waiting) > 0 {
		if r.sent == nil {
			oldest := slices.Min(slices.Collect(maps.Keys(r.waiting)))
			r.sent = r.waiting[oldest]
			delete(r.waiting, oldest)
		}
		if _, err := r.store.AddRequests(ctx, r.writer, r.position, r.position+1, *r.sent); err != nil {
			return err
		}
		r.sent, r.position = nil, r.position+1
	}
	return nil
}
