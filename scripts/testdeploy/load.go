package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"minifb/shared/testkit/client"
	"minifb/shared/testkit/trial"
)

// A load sends the requests of a trial.Load in each phase, and records how they ended.
type load struct {
	fixture *fixture
	rate    int // requests a second, half of them writes
	client  *client.Client
	phases  int // so far

	mu     sync.Mutex
	writes map[string]bool // the contents of the posts sent, and whether each was acknowledged
}

// A phase holds what happened to the requests that were sent in it.
type phase struct {
	mu     sync.Mutex
	took   []time.Duration
	begun  []time.Time // when those requests were sent
	failed []failure
}

type failure struct {
	at   time.Time
	area string
	what string
}

// newLoad returns a load on the server at this URL, which serves the fixture's database.
func newLoad(f *fixture, url string, rate int) *load {
	return &load{fixture: f, rate: rate, client: client.New(url, 512), writes: map[string]bool{}}
}

// during sends requests until do returns, waits for the responses, and returns what happened to
// them.
func (l *load) during(ctx context.Context, do func() error) (*phase, error) {
	l.phases++
	p := &phase{}
	steady := trial.Load{
		Signer: l.fixture.Signer, Claims: l.fixture.claims, Rate: l.rate, Prefix: fmt.Sprintf("phase.%d", l.phases),
		Send: func(ctx context.Context, r trial.Request) { l.send(ctx, p, r) },
	}
	return p, steady.During(ctx, do)
}

func (l *load) send(ctx context.Context, p *phase, r trial.Request) {
	want := http.StatusOK
	if r.Word != "" {
		want = http.StatusCreated
		l.record(r.Word, false)
	}
	begun := time.Now()
	err := l.ask(ctx, r.Request, want)
	took := time.Since(begun)
	if err == nil && r.Word != "" {
		l.record(r.Word, true)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.took, p.begun = append(p.took, took), append(p.begun, begun)
	if err != nil {
		p.failed = append(p.failed, failure{begun, r.Area, err.Error()})
	}
}

func (l *load) record(content string, acknowledged bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writes[content] = acknowledged
}

// ask sends a request, and returns an error if the response has another status.
func (l *load) ask(ctx context.Context, r client.Request, want int) error {
	response, err := l.client.Do(ctx, r)
	if err == nil && response.Status != want {
		err = fmt.Errorf("%s: %d %.200s", r, response.Status, response.Body)
	}
	return err
}

// verify checks that the database holds each acknowledged write once, and no write twice. It
// returns the number of acknowledged writes.
func (l *load) verify(ctx context.Context) (writes int, err error) {
	stored, err := trial.Stored(ctx, l.fixture.DatabaseURL, "phase.")
	if err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return compare(l.writes, stored)
}

// compare checks how many times each write is stored, by whether it was acknowledged.
func compare(sent map[string]bool, stored map[string]int) (writes int, err error) {
	for content, acknowledged := range sent {
		if n := stored[content]; n > 1 || acknowledged && n == 0 {
			return 0, fmt.Errorf("the post %q is in the database %d times; acknowledged: %v", content, n, acknowledged)
		}
		if acknowledged {
			writes++
		}
	}
	return writes, nil
}

// quantile returns the time within which this share of the requests had a response.
func (p *phase) quantile(q float64) time.Duration { return quantile(q, p.took) }

func quantile(q float64, took []time.Duration) time.Duration {
	if len(took) == 0 {
		return 0
	}
	took = slices.Sorted(slices.Values(took))
	return took[min(int(q*float64(len(took))), len(took)-1)]
}

// A span is a period of time.
type span struct{ from, to time.Time }

// split returns how long the requests took that were sent in one of the spans, and the others.
func (p *phase) split(spans []span) (inside, outside []time.Duration) {
	for i, begun := range p.begun {
		if slices.ContainsFunc(spans, func(s span) bool { return begun.After(s.from) && begun.Before(s.to) }) {
			inside = append(inside, p.took[i])
		} else {
			outside = append(outside, p.took[i])
		}
	}
	return inside, outside
}

// lost returns an error if a request to a function, except those named, failed.
func (p *phase) lost(except ...string) error {
	for _, f := range p.failed {
		if !slices.Contains(except, f.area) {
			return fmt.Errorf("%d of %d requests were lost; one of them at %s: %s",
				len(p.failed), len(p.took), f.at.Format("15:04:05.000"), f.what)
		}
	}
	return nil
}

func (p *phase) String() string {
	return fmt.Sprintf("%6d requests, %d lost; p50 %6.2f ms, p99 %6.2f ms, p99.9 %6.2f ms, longest %6.2f ms",
		len(p.took), len(p.failed), milliseconds(p.quantile(0.5)), milliseconds(p.quantile(0.99)),
		milliseconds(p.quantile(0.999)), milliseconds(p.quantile(1)))
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
