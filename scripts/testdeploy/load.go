package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver called pgx
)

// A load sends requests at a steady rate, no matter how long the earlier ones take.
type load struct {
	fixture *fixture
	rate    int // requests a second, half of them writes
	client  http.Client
	number  atomic.Int64

	mu     sync.Mutex
	writes map[string]bool // the contents of the posts sent, and whether each was acknowledged
}

// A phase holds what happened to the requests that were sent in it.
type phase struct {
	mu     sync.Mutex
	took   []time.Duration
	begun  []time.Time // when those requests were sent
	failed []failure
	wait   sync.WaitGroup
}

type failure struct {
	at   time.Time
	area string
	what string
}

func newLoad(f *fixture, rate int) *load {
	return &load{
		fixture: f, rate: rate, writes: map[string]bool{},
		client: http.Client{
			Timeout:   30 * time.Second,
			Transport: &http.Transport{MaxIdleConnsPerHost: 512, MaxIdleConns: 512},
		},
	}
}

// during sends requests until do returns, waits for the responses, and returns what happened to
// them.
func (l *load) during(ctx context.Context, do func() error) (*phase, error) {
	p := &phase{}
	done := make(chan error, 1)
	go func() { done <- do() }()
	bearer, expires := "", time.Time{}
	ticks := time.NewTicker(time.Second / time.Duration(l.rate))
	defer ticks.Stop()
	defer p.wait.Wait()
	for {
		if time.Now().After(expires) {
			var err error
			if bearer, err = l.fixture.Signer.Sign(l.fixture.claims); err != nil {
				return p, err
			}
			expires = time.Now().Add(time.Minute)
		}
		select {
		case <-ctx.Done():
			return p, ctx.Err()
		case err := <-done:
			p.wait.Wait()
			return p, err
		case <-ticks.C:
			number, bearer := l.number.Add(1), bearer
			p.wait.Go(func() { l.send(ctx, p, number, bearer) })
		}
	}
}

// send sends one request. Every second one writes a post; the others read from three functions in
// turn.
func (l *load) send(ctx context.Context, p *phase, number int64, bearer string) {
	method, path, area, body, want := http.MethodGet, "", "post", "", http.StatusOK
	switch number % 8 {
	case 1, 5:
		path = "/post?size=20"
	case 3:
		path, area = "/timeline", "timeline"
	case 7:
		path, area = "/user", "account"
	default:
		method, path, want = http.MethodPost, "/post", http.StatusCreated
		body = fmt.Sprintf("number %d", number)
		l.mu.Lock()
		l.writes[body] = false
		l.mu.Unlock()
	}
	begun := time.Now()
	err := l.ask(ctx, method, path, body, bearer, want)
	took := time.Since(begun)
	if err == nil && body != "" {
		l.mu.Lock()
		l.writes[body] = true
		l.mu.Unlock()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.took, p.begun = append(p.took, took), append(p.begun, begun)
	if err != nil {
		p.failed = append(p.failed, failure{begun, area, fmt.Sprintf("%s %s: %v", method, path, err)})
	}
}

func (l *load) ask(ctx context.Context, method, path, content, bearer string, want int) error {
	var body io.Reader
	if content != "" {
		encoded, err := json.Marshal(map[string]string{"content": content})
		if err != nil {
			return err
		}
		body = strings.NewReader(string(encoded))
	}
	request, err := http.NewRequestWithContext(ctx, method, l.fixture.URL+path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+bearer)
	request.Header.Set("Content-Type", "application/json")
	response, err := l.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != want {
		return fmt.Errorf("%d %.200s", response.StatusCode, text)
	}
	return nil
}

// verify checks that the database holds each acknowledged write once, and no write twice. It
// returns the number of acknowledged writes.
func (l *load) verify(ctx context.Context) (writes int, err error) {
	db, err := sql.Open("pgx", l.fixture.DatabaseURL)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, "SELECT content, count(*) FROM posts GROUP BY content")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	found := map[string]int{}
	for rows.Next() {
		var content string
		var n int
		if err := rows.Scan(&content, &n); err != nil {
			return 0, err
		}
		found[content] = n
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for content, acknowledged := range l.writes {
		if n := found[content]; n > 1 || acknowledged && n == 0 {
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
