package store

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	// slowRead is how long the reading of a page must take for the runs in it to be learned.
	slowRead = 5 * time.Millisecond
	// minRun is how many ids a run must have to be worth remembering. Fewer are read within a
	// millisecond.
	minRun = 500
	// maxRuns bounds the memory of a list: 24 KB.
	maxRuns = 1000
	// runLife bounds the harm of a run that should not have been remembered, for whatever reason.
	runLife = 10 * time.Minute
	// learnInterval is the pause after an attempt that learned nothing.
	learnInterval = 200 * time.Millisecond
)

// A run is a range of ids, both included, without a visible post.
type run struct {
	first, last int64
	learned     time.Time
}

// hiddenRuns are the runs of hidden posts that this process had to read past. Deleting an account
// hides its posts at once, and the sweep takes minutes to delete them. Meanwhile every reader of the
// feed would read them all: 150,000 take 200 ms. With the runs only the first readers of a process
// do.
//
// A run stays true, because an account that is deleted never comes back and ids are never reused. It
// is only remembered once no transaction can commit a post in it any more (see findRun).
type hiddenRuns struct {
	mu       sync.Mutex
	runs     []run // in no order
	learning bool
	retry    time.Time // not to learn before
}

// skip returns where to read on instead of below the id before, and the last id of the next run
// below that, or 0.
func (h *hiddenRuns) skip(before int64) (next, floor int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for found := true; found; {
		found = false
		for _, r := range h.runs {
			if r.first < before && before <= r.last+1 && time.Since(r.learned) < runLife {
				before, found = r.first, true
			}
		}
	}
	for _, r := range h.runs {
		if r.last < before && time.Since(r.learned) < runLife {
			floor = max(floor, r.last)
		}
	}
	return before, floor
}

// begin reports whether the caller is to learn runs. If so, it must call end.
func (h *hiddenRuns) begin() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.learning || time.Now().Before(h.retry) {
		return false
	}
	h.learning = true
	return true
}

// end remembers the runs that the caller has found.
func (h *hiddenRuns) end(found []run) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.learning = false
	if len(found) == 0 {
		h.retry = time.Now().Add(learnInterval)
	}
	for _, r := range found {
		h.runs = slices.DeleteFunc(h.runs, func(old run) bool {
			return r.first <= old.first && old.last <= r.last || time.Since(old.learned) >= runLife
		})
		if len(h.runs) >= maxRuns {
			h.runs = nil
		}
		h.runs = append(h.runs, r)
	}
}

const (
	// newestHidden returns the newest post between $1 and $2, both excluded, which is hidden, or 0.
	newestHidden = `SELECT coalesce((SELECT id FROM posts WHERE id > $1 AND id < $2 ORDER BY id DESC LIMIT 1), 0)`
	// writersOfPosts lists the transactions that may have inserted posts, or updated some.
	writersOfPosts = `
		SELECT DISTINCT virtualtransaction FROM pg_locks
		WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND relation = 'posts'::regclass
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
	// newestVisible returns the newest visible post from $1 to $2, or 0. It reads the whole run.
	newestVisible = `
		SELECT coalesce((
			SELECT p.id FROM posts p JOIN people u ON u.uid = p.owner_uid AND u.deleted_at IS NULL
			WHERE p.id >= $1 AND p.id <= $2 ORDER BY p.id DESC LIMIT 1), 0)`
)

// learnRuns remembers the runs between the items of a page of the feed, which was read below the id
// before. Without one more item than the page has, the feed ends with it.
func (s *Store) learnRuns(ctx context.Context, before int64, items []Post, size int) {
	if !s.hiddenPosts.begin() {
		return
	}
	var found []run
	defer func() { s.hiddenPosts.end(found) }()
	var gaps [][2]int64
	for _, item := range items {
		gaps = append(gaps, [2]int64{item.ID, before})
		before = item.ID
	}
	if len(items) <= size {
		gaps = append(gaps, [2]int64{0, before})
	}
	for _, gap := range gaps {
		// What is remembered already divides the gap.
		for above, below := gap[0], gap[1]; below > above+1; {
			next, floor := s.hiddenPosts.skip(below)
			low := max(floor, above)
			if next-low > minRun {
				r, err := s.findRun(ctx, low, next)
				if err != nil {
					return
				}
				if r.last-r.first >= minRun {
					found = append(found, r)
				}
			}
			below = low + 1
		}
	}
}

var errWriters = errors.New("a transaction that may insert posts goes on")

// findRun returns the run of hidden posts that begins with the newest post between two ids, both
// excluded; an empty run if there is none; or errWriters if it may still change. The upper id may be
// greater than all.
//
// An id below that of a committed post may be that of a post whose transaction has not committed.
// That transaction has locked the table before it took the id, as every writer does. So findRun
// waits for those that hold such a lock, and only then looks for visible posts in the run. All this
// is read from the primary: on a replica neither the locks nor the latest posts could be seen.
func (s *Store) findRun(ctx context.Context, above, below int64) (found run, err error) {
	var newest, visible int64
	if err := s.primary.one(ctx, &newest, newestHidden, above, below); err != nil || newest == 0 {
		return run{}, err
	}
	var writers []string
	if err := s.primary.all(ctx, &writers, writersOfPosts); err != nil {
		return run{}, err
	}
	for tries := 0; len(writers) > 0; tries++ {
		if tries == 10 {
			return run{}, errWriters
		}
		time.Sleep(10 * time.Millisecond)
		var left []string
		if err := s.primary.all(ctx, &left, writersOfPosts); err != nil {
			return run{}, err
		}
		writers = slices.DeleteFunc(writers, func(w string) bool { return !slices.Contains(left, w) })
	}
	if err := s.primary.one(ctx, &visible, newestVisible, above+1, newest); err != nil {
		return run{}, err
	}
	return run{first: max(above, visible) + 1, last: newest, learned: time.Now()}, nil
}
