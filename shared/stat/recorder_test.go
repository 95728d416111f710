package stat_test

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"minifb/shared/stat"
	"minifb/shared/store"
	"minifb/shared/testkit/pgproxy"
	"minifb/shared/testkit/programs"
)

var (
	found   = store.Endpoint{Method: "GET", Path: "/post/{id}", Status: 200}
	missing = store.Endpoint{Method: "GET", Path: "/post/{id}", Status: 404}
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestConcurrentRequestsAreCountedExactly(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := stat.NewRecorder(f.store, quiet())
	stop := r.Start()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 1000 {
				if i%10 == 0 {
					r.Add(missing, time.Millisecond)
				} else {
					r.Add(found, time.Millisecond)
				}
				if i%300 == 0 {
					r.Flush(t.Context())
				}
			}
		})
	}
	all.Wait()
	stop()
	if got, want := f.counts(), (map[store.Endpoint]int64{found: 7200, missing: 800}); !maps.Equal(got, want) {
		t.Errorf("stored %v, want %v", got, want)
	}
	for moved := int64(1); moved > 0; {
		var err error
		if moved, err = f.store.FoldRequests(t.Context(), 3); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := f.counts(), (map[store.Endpoint]int64{found: 7200, missing: 800}); !maps.Equal(got, want) {
		t.Errorf("folded %v, want %v", got, want)
	}
	from := time.Now().Add(-time.Hour).Truncate(time.Hour)
	series, err := f.store.RequestSeries(t.Context(), from, store.LongRequestStep)
	if err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for _, step := range series {
		total += step.Requests
	}
	if total != 8000 {
		t.Errorf("the series has %d requests, want 8000", total)
	}
}

// A nil recorder counts nothing.
func TestNilRecorder(t *testing.T) {
	t.Parallel()
	var r *stat.Recorder
	r.Add(found, 0)
	r.Flush(t.Context())
}

// A lossyProxy ends a connection at the response to an INSERT while lose is set: the client does not learn that the
// statement was committed.
type lossyProxy struct {
	*pgproxy.Proxy
	lose atomic.Bool
	lost atomic.Int64
}

func newLossyProxy(t *testing.T, database string) *lossyProxy {
	t.Helper()
	p := &lossyProxy{}
	committed := []byte("INSERT 0 ") // begins PostgreSQL's message of a committed INSERT
	var err error
	p.Proxy, err = pgproxy.New(database, func(fromServer bool, text []byte) bool {
		if !fromServer || !p.lose.Load() || !bytes.Contains(text, committed) {
			return true
		}
		p.lost.Add(1)
		return false
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// A batch whose outcome is not known is sent again and counts once.
func TestARetryNeverCountsTwice(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	proxy := newLossyProxy(t, f.url)
	r := stat.NewRecorder(open(t, proxy.URL, 1), quiet())
	for range 5 {
		proxy.lose.Store(true)
		r.Add(found, time.Millisecond)
		r.Flush(t.Context())
		r.Add(missing, time.Millisecond)
		r.Flush(t.Context())
		proxy.lose.Store(false)
		r.Flush(t.Context())
	}
	if proxy.lost.Load() < 5 {
		t.Errorf("the proxy has lost %d responses, want 5 at least", proxy.lost.Load())
	}
	if got, want := f.counts(), (map[store.Endpoint]int64{found: 5, missing: 5}); !maps.Equal(got, want) {
		t.Errorf("stored %v, want %v", got, want)
	}
}

// What is counted during an outage of days is kept in few batches and stored afterwards, but for what
// is too old to be shown. Only its first failure is logged.
func TestALongOutageLosesNothing(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	unreachable := open(t, "postgres://minifb@127.0.0.1:1/minifb", 1) // port 1 is closed
	r := stat.NewRecorder(unreachable, slog.New(slog.NewTextHandler(&log, nil)))
	const hours = 60
	end := time.Now()
	for at := end.Add(-hours * time.Hour); at.Before(end); at = at.Add(10 * time.Second) {
		r.AddAt(at, found)
		r.Collect(at)
	}
	if n := r.Waiting(); n < 47*12+360-5 || n > 47*12+360+5 { // 47 hours in steps of 5 minutes, and one of 10 seconds
		t.Errorf("%d batches wait", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 {
		r.Flush(ctx)
	}
	if n := strings.Count(log.String(), "cannot be stored"); n != 1 {
		t.Errorf("the outage is logged %d times: %s", n, log.String())
	}
	f := newFixture(t)
	r.SetStore(f.store)
	programs.Until(t, "the end of the outage is logged", func() bool { // one flush takes two seconds at most
		r.Flush(t.Context())
		return strings.Contains(log.String(), "stored again")
	})
	got, tooOld := f.int(`SELECT sum(n) FROM request_inbox, unnest(counts) AS n`), int(time.Since(end)/(10*time.Second))
	if got < 48*360-60-tooOld || got > 48*360+60 {
		t.Errorf("%d requests are stored, want those of 48 hours without %d that became too old", got, tooOld)
	}
}
