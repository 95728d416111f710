package stat_test

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"minifb/shared/stat"
	"minifb/shared/store"
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

// lossyProxy passes connections on to PostgreSQL. While it loses responses, it closes a connection at
// the first response to a statement instead: the client does not learn that the statement committed.
type lossyProxy struct {
	url  string
	lose atomic.Bool
	lost atomic.Int64
}

func newLossyProxy(t *testing.T, database string) *lossyProxy {
	t.Helper()
	address, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	network, server := "tcp", address.Host
	if dir := address.Query().Get("host"); dir != "" {
		network, server = "unix", filepath.Join(dir, ".s.PGSQL."+address.Query().Get("port"))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	query := address.Query()
	query.Del("host")
	query.Del("port")
	address.Host, address.RawQuery = listener.Addr().String(), query.Encode()
	p := &lossyProxy{url: address.String()}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			backend, err := net.Dial(network, server)
			if err != nil {
				_ = client.Close()
				continue
			}
			go p.pass(backend, client, false)
			go p.pass(client, backend, true)
		}
	}()
	return p
}

// commandComplete begins PostgreSQL's message that an INSERT has been committed.
var commandComplete = []byte("INSERT 0 ")

func (p *lossyProxy) pass(to, from net.Conn, responses bool) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if responses && p.lose.Load() && bytes.Contains(buffer[:n], commandComplete) {
			p.lost.Add(1)
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// A batch whose outcome is not known is sent again and counts once.
func TestARetryNeverCountsTwice(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	proxy := newLossyProxy(t, f.url)
	r := stat.NewRecorder(open(t, proxy.url, 1), quiet())
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
	r.Flush(t.Context())
	if got := f.int(`SELECT sum(n) FROM request_inbox, unnest(counts) AS n`); got < 48*360-60 || got > 48*360+60 {
		t.Errorf("%d requests are stored, want those of 48 hours", got)
	}
	if !strings.Contains(log.String(), "stored again") {
		t.Errorf("the end of the outage is not logged: %s", log.String())
	}
}
