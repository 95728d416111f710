// Package reload keeps values up to date that are read from a file or a URL. No goroutine runs: a
// change is found when the value is asked for. So this works on Lambda too, where a process is
// frozen between requests.
package reload

import (
	"bytes"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// minInterval is the shortest time between two attempts to read a source, whatever the reason.
const minInterval = 10 * time.Second

// A Value is parsed from the text of a source. If the source cannot be read any more, or its text is
// not valid, the last good value stays. A Value is safe for concurrent use.
type Value[T any] struct {
	source Source
	parse  func(text []byte) (T, error)

	reading sync.Mutex // held while the source is read
	latest  atomic.Pointer[result[T]]
	log     *slog.Logger
	name    string
}

// A result is what is known after an attempt to read the source.
type result[T any] struct {
	value T
	text  []byte    // of the value; nil if there was never a good one
	at    time.Time // of the attempt's start: the text may have changed since
	tried []byte    // the text of the attempt
	err   error     // of the attempt
}

// New reads the source and returns its value. It is an error if the text is not valid, or cannot be
// read. A URL may be out of reach: then there is no value until a later attempt succeeds.
func New[T any](source Source, parse func(text []byte) (T, error)) (*Value[T], error) {
	v := &Value[T]{source: source, parse: parse}
	r := v.attempt(&result[T]{})
	if r.err != nil && (r.tried != nil || !source.remote) {
		return nil, r.err
	}
	v.latest.Store(r)
	return v, nil
}

// LogTo makes v log each change, and each failure once. The name is that of the setting. Call LogTo
// before the value is shared.
func (v *Value[T]) LogTo(log *slog.Logger, name string) {
	v.log, v.name = log, name
	if r := v.latest.Load(); r.err != nil {
		v.report(&result[T]{}, r)
	}
}

// Get returns the value. If the source is due to be read again, one of the callers does so, and the
// others get the former value. It is an error if there was never a good value.
func (v *Value[T]) Get() (T, error) {
	r := v.latest.Load()
	if v.isDue(r) && (r.text == nil || v.reading.TryLock()) {
		if r.text == nil {
			v.reading.Lock()
		}
		defer v.reading.Unlock()
		if r = v.latest.Load(); v.isDue(r) {
			r = v.read(r)
		}
	}
	return r.get()
}

// Renew is Get for a caller who has found that the value may be out of date. It reads the source
// again, unless that was tried in the last 10 seconds.
func (v *Value[T]) Renew() (T, error) {
	v.reading.Lock()
	defer v.reading.Unlock()
	r := v.latest.Load()
	if v.source.read != nil && isPast(r.at, minInterval) {
		r = v.read(r)
	}
	return r.get()
}

func (r *result[T]) get() (T, error) {
	if r.text == nil {
		return r.value, r.err
	}
	return r.value, nil
}

func (v *Value[T]) isDue(r *result[T]) bool {
	if v.source.read == nil {
		return false
	}
	if r.err != nil {
		return isPast(r.at, minInterval)
	}
	return isPast(r.at, v.source.maxAge)
}

// isPast reports whether d has passed since t by one of both clocks: the monotonic clock may stop
// while Lambda has the process frozen. A wall clock that was set back counts as passed.
func isPast(t time.Time, d time.Duration) bool {
	wall := time.Now().Round(0).Sub(t.Round(0))
	return time.Since(t) >= d || wall >= d || wall < 0
}

// read makes an attempt, and reports and keeps its result. The caller holds v.reading.
func (v *Value[T]) read(before *result[T]) *result[T] {
	r := v.attempt(before)
	v.report(before, r)
	v.latest.Store(r)
	return r
}

func (v *Value[T]) attempt(before *result[T]) *result[T] {
	r := &result[T]{value: before.value, text: before.text, at: time.Now()}
	r.tried, r.err = v.source.Read()
	if r.err != nil {
		r.tried = nil
		return r
	}
	if before.text != nil && bytes.Equal(r.tried, before.text) {
		return r
	}
	value, err := v.parse(r.tried)
	if err != nil {
		r.err = err
		return r
	}
	r.value, r.text = value, r.tried
	return r
}

// report logs what differs from the result before.
func (v *Value[T]) report(before, r *result[T]) {
	if v.log == nil {
		return
	}
	switch {
	case r.err == nil && !bytes.Equal(before.text, r.text):
		v.log.Info("a setting has changed", "setting", v.name)
	case r.err == nil && before.err != nil:
		v.log.Info("a setting can be read again, and has not changed", "setting", v.name)
	case r.err != nil && (fmt.Sprint(before.err) != r.err.Error() || !bytes.Equal(before.tried, r.tried)):
		v.log.Warn("a setting cannot be read", "setting", v.name, "error", r.err.Error())
	}
}
