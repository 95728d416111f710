// Package feed sends to the operator's own programs what functions do: metrics to Prometheus, points to
// InfluxDB, documents to Elasticsearch, spans to a receiver of OpenTelemetry. Each feed is off unless
// its setting is set. Prometheus asks for its metrics; the others are sent by a queue for each feed, so
// that no request waits for a receiver.
package feed

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// A Request is what is known of a request when its response has been sent. It holds nothing about
// its client but the request's id, which the client may have chosen.
type Request struct {
	Method   string // "*" if no route matches: clients can send any
	Route    string // such as /post/{id}; "other" if no route matches
	Schedule string // the name of the schedule, if the request is its call
	Status   int
	Bytes    int // of the response's body
	Duration time.Duration
	ID       string
	Error    string           // the cause of a failure, or empty
	Done     map[string]int64 // what the call of a schedule has done

	Ended   time.Time // set by Record, which makes it unique in this process
	traceID string    // if the request is traced
}

// Feeds are the feeds that the settings turn on. Nil has none. It is safe for concurrent use.
type Feeds struct {
	metrics *metrics
	spans   *spans
	take    []func(*Request) // the queues for requests
	closers []func(context.Context)
	last    atomic.Int64 // the time of the latest request, in nanoseconds
}

// New starts the feeds of a function. It returns nil if all are off.
func New(s Settings, area string, log *slog.Logger) (*Feeds, error) {
	if s == (Settings{}) {
		return nil, nil //nolint:nilnil // nil is documented to have no feeds
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("the name of this host: %w", err)
	}
	f := &Feeds{}
	if s.Metrics {
		f.metrics = newMetrics(area)
	}
	if s.InfluxURL != "" {
		i, err := newInflux(s.InfluxURL, area, host)
		if err != nil {
			return nil, fmt.Errorf("INFLUX_URL: %w", err)
		}
		f.take = append(f.take, start(f, "influx", log, i.send).add)
	}
	if s.ElasticURL != "" {
		e, err := newElastic(s.ElasticURL, area, host, rand.Text())
		if err != nil {
			return nil, fmt.Errorf("ELASTIC_URL: %w", err)
		}
		f.take = append(f.take, start(f, "elastic", log, e.send).add)
	}
	if s.OTLPURL != "" {
		o, ratio, err := newOTLP(s.OTLPURL)
		if err != nil {
			return nil, fmt.Errorf("OTLP_URL: %w", err)
		}
		f.spans = newSpans(start(f, "otlp", log, o.send), ratio, area, host)
	}
	return f, nil
}

// start starts the queue of a feed.
func start[T any](f *Feeds, name string, log *slog.Logger, send func(context.Context, []T) outcome[T]) *queue[T] {
	q := newQueue(name, log, send)
	f.closers = append(f.closers, q.close)
	if f.metrics != nil {
		f.metrics.queue(name, q.sent.Load, q.dropped.Load, func() int { return len(q.items) })
	}
	return q
}

// Tracer returns what makes spans, or nil if OTLP_URL is unset.
func (f *Feeds) Tracer() trace.TracerProvider {
	if f == nil || f.spans == nil {
		return nil
	}
	return f.spans.provider
}

// Begin notes the start of a request, and returns the context with its span. End must follow.
func (f *Feeds) Begin(ctx context.Context, header http.Header) context.Context {
	if f == nil {
		return ctx
	}
	if f.metrics != nil {
		f.metrics.inFlight.Inc()
	}
	if f.spans != nil {
		ctx = f.spans.begin(ctx, header)
	}
	return ctx
}

// Record takes what is known of a request whose context Begin has returned. It never waits.
func (f *Feeds) Record(ctx context.Context, r *Request) {
	if f == nil {
		return
	}
	r.Ended, r.Error = f.now(), shorten(r.Error)
	if f.metrics != nil {
		f.metrics.record(r)
	}
	if f.spans != nil {
		f.spans.end(ctx, r)
	}
	for _, take := range f.take {
		take(r)
	}
}

// End notes that the response to a request has been sent.
func (f *Feeds) End() {
	if f != nil && f.metrics != nil {
		f.metrics.inFlight.Dec()
	}
}

// now returns the time, or a nanosecond after the last one that it has returned if that is later.
func (f *Feeds) now() time.Time {
	for {
		last := f.last.Load()
		next := max(time.Now().UnixNano(), last+1)
		if f.last.CompareAndSwap(last, next) {
			return time.Unix(0, next)
		}
	}
}

// closeTimeout is how long Close waits for receivers.
const closeTimeout = time.Second

// Close sends what waits, for at most a second, and drops the rest. No request may follow.
func (f *Feeds) Close() {
	if f == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	var all sync.WaitGroup
	for _, c := range f.closers {
		all.Go(func() { c(ctx) })
	}
	all.Wait()
}
