package store

import (
	"testing"
	"time"
)

// reads simulates reads of the first page that compare, and returns how many did. use says whether the page that a
// read has taken is current.
func (l *lastPage) reads(n int, use func(*knownPage) bool) (compared int) {
	for range n {
		page, learn := l.take()
		switch {
		case page != nil && use(page):
			l.hit()
		case learn:
			l.learn(&knownPage{asked: time.Now()}, page)
		default:
			continue
		}
		compared++
	}
	return compared
}

// While no page stays current, few reads compare. After a pause between writes, all do.
func TestFewReadsCompareWhilePagesChange(t *testing.T) {
	t.Parallel()
	var last lastPage
	never, always := func(*knownPage) bool { return false }, func(*knownPage) bool { return true }
	// A page is learned, missed, and missed again. Then one read does not compare.
	if n := last.reads(4, never); n != 3 {
		t.Errorf("%d of the first reads compare, want 3", n)
	}
	last.reads(100, never)
	if n := last.reads(100, never); n != 20 { // of ten reads in a row, one learns a page and the next compares it
		t.Errorf("%d of 100 reads compare while pages change, want 20", n)
	}
	last.reads(20, always)
	if n := last.reads(100, always); n != 100 {
		t.Errorf("%d of 100 reads compare while pages stay, want all", n)
	}
}

// A page that has become old is of no use, by either clock. If reads are so slow that each page does, few learn one.
func TestOldPageIsNotCompared(t *testing.T) {
	t.Parallel()
	now := time.Now()
	wall := now.Round(0) // without the monotonic clock
	for name, asked := range map[string]time.Time{
		"old": now.Add(-maxKnown), "old by the wall clock": wall.Add(-maxKnown), "of the future": wall.Add(time.Hour),
	} {
		last := lastPage{page: &knownPage{asked: asked}}
		if page, learn := last.take(); page != nil || !learn {
			t.Errorf("%s: the page is %v, to be learned: %t", name, page, learn)
		}
	}

	var last lastPage
	learned := 0
	for range 100 {
		page, learn := last.take()
		if page != nil {
			t.Fatal("an old page is compared")
		}
		if learn {
			learned++
			last.learn(&knownPage{asked: now.Add(-maxKnown)}, nil)
		}
	}
	if learned > 20 {
		t.Errorf("%d of 100 reads learn a page that is old at once", learned)
	}
}
