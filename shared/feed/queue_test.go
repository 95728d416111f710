package feed

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var errRefused = errors.New("refused")

// quiet discards what is logged.
var quiet = slog.New(slog.DiscardHandler)

func textLog(to *bytes.Buffer) *slog.Logger { return slog.New(slog.NewTextHandler(to, nil)) }

// takes returns a receiver that takes everything, and what it has taken.
func takes() (send func(context.Context, []int) outcome[int], taken func() [][]int) {
	var mu sync.Mutex
	var all [][]int
	send = func(_ context.Context, batch []int) outcome[int] {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, batch)
		return outcome[int]{sent: len(batch)}
	}
	taken = func() [][]int {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
	return send, taken
}

func TestBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		send, taken := takes()
		q := newQueue("test", quiet, send)
		for n := range batchSize + 2 {
			q.add(n)
		}
		synctest.Wait()
		if len(taken()) != 1 || len(taken()[0]) != batchSize {
			t.Fatalf("%d batches before %s, want one that is full", len(taken()), batchTime)
		}
		time.Sleep(batchTime)
		synctest.Wait()
		if len(taken()) != 2 || !slices.Equal(taken()[1], []int{batchSize, batchSize + 1}) {
			t.Fatalf("got %v, want the rest after %s", taken()[1:], batchTime)
		}
		q.add(7)
		q.add(8)
		q.close(t.Context())
		if len(taken()) != 3 || !slices.Equal(taken()[2], []int{7, 8}) {
			t.Errorf("close sends %v, want what waited", taken()[2:])
		}
		if q.sent.Load() != batchSize+4 || q.dropped.Load() != 0 {
			t.Errorf("%d sent, %d dropped", q.sent.Load(), q.dropped.Load())
		}
	})
}

// A receiver that hangs blocks no caller of add, and what does not fit is dropped and counted.
func TestReceiverThatHangs(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	q := newQueue("test", quiet, func(_ context.Context, batch []int) outcome[int] {
		<-release // whatever ctx says
		return outcome[int]{sent: len(batch)}
	})
	const added = capacity + 3*batchSize
	for n := range added {
		q.add(n)
	}
	if dropped := q.dropped.Load(); dropped < added-capacity-batchSize || dropped > added-capacity {
		t.Errorf("%d of %d records are dropped", dropped, added)
	}
	close(release)
	q.close(t.Context())
	if got := q.sent.Load() + q.dropped.Load(); got != added || q.sent.Load() < capacity {
		t.Errorf("%d records are accounted for, want %d; %d were sent", got, added, q.sent.Load())
	}
}

func TestFailuresAreTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var at []time.Duration
		begun := time.Now()
		q := newQueue("test", textLog(&log), func(_ context.Context, batch []int) outcome[int] {
			at = append(at, time.Since(begun))
			switch len(at) {
			case 1: // one is sent, one is refused for good
				return outcome[int]{sent: 1, again: batch[2:], err: errRefused}
			case 2:
				return outcome[int]{again: batch, after: 10 * time.Second, err: errRefused}
			case 3: // no receiver stops a feed for longer than maxPause
				return outcome[int]{again: batch, after: time.Hour, err: errRefused}
			}
			return outcome[int]{sent: len(batch)}
		})
		for n := range 4 {
			q.add(n)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		second := batchTime + firstPause
		want := []time.Duration{batchTime, second, second + 10*time.Second, second + 10*time.Second + maxPause}
		if !slices.Equal(at, want) || q.sent.Load() != 3 || q.dropped.Load() != 1 {
			t.Errorf("attempts at %v, want %v; %d sent, %d dropped", at, want, q.sent.Load(), q.dropped.Load())
		}
		if got := log.String(); strings.Count(got, "feed fails") != 1 ||
			!strings.Contains(got, "feed=test dropped=1 error=refused") {
			t.Errorf("the log is %s", got)
		}
		q.close(t.Context())
		if !strings.Contains(log.String(), `msg="feed ended" feed=test sent=3 dropped=1`) {
			t.Errorf("the log is %s", log.String())
		}
	})
}

func TestReceiverThatIsGoneForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		calls := 0
		q := newQueue("test", textLog(&log), func(_ context.Context, batch []int) outcome[int] {
			calls++
			return outcome[int]{again: batch, err: errors.New(strings.Repeat("x", 5000))}
		})
		q.add(1)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if calls != attempts || q.dropped.Load() != 1 {
			t.Errorf("%d calls, %d dropped; want %d and 1", calls, q.dropped.Load(), attempts)
		}
		for range 3 { // each takes half a minute
			q.add(1)
			time.Sleep(40 * time.Second)
		}
		synctest.Wait()
		if lines := strings.Count(log.String(), "feed fails"); lines < 2 || lines > 5 || log.Len() > 2000*lines {
			t.Errorf("%d lines of %d bytes are logged in about three minutes of failure", lines, log.Len())
		}
		q.close(t.Context())
	})
}

// The end of a process waits for a receiver no longer than it may, and for its pauses not at all.
func TestCloseIsBounded(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]func(context.Context, []int) outcome[int]{
		"hangs": func(ctx context.Context, batch []int) outcome[int] {
			<-ctx.Done()
			return outcome[int]{again: batch, err: ctx.Err()}
		},
		"refuses": func(_ context.Context, batch []int) outcome[int] {
			return outcome[int]{again: batch, err: errRefused}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := newQueue("test", quiet, send)
				for n := range 2*batchSize + 10 {
					q.add(n)
				}
				time.Sleep(3 * time.Second) // in an attempt, or in a pause
				begun := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), closeTimeout)
				defer cancel()
				q.close(ctx)
				if took := time.Since(begun); took > closeTimeout {
					t.Errorf("close takes %s", took)
				}
				if q.dropped.Load() != 2*batchSize+10 {
					t.Errorf("%d are dropped", q.dropped.Load())
				}
			})
		})
	}
}
