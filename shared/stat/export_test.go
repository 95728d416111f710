package stat

import (
	"time"

	"minifb/shared/store"
)

// ParseRefused reads a line of a log of refused requests.
var ParseRefused = parseRefused

// AddAt is Add at another time.
func (r *Recorder) AddAt(at time.Time, e store.Endpoint) { r.add(at, e, time.Millisecond) }

// Collect is what a flush at this time does first.
func (r *Recorder) Collect(now time.Time) { r.collect(now) }

// Waiting returns how many batches wait to be stored.
func (r *Recorder) Waiting() int { return len(r.waiting) }

// SetStore makes the recorder store in another store.
func (r *Recorder) SetStore(s *store.Store) { r.store = s }
