package trial

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"minifb/shared/testkit/client"
)

// retryPause is how long a client waits before it repeats a write that has an Idempotency-Key.
const retryPause = 200 * time.Millisecond

// unknownOutcome is in the hint to a write that may have been stored although it failed.
const unknownOutcome = "its outcome is not known"

// A Record sends the requests of a Load by Send, and records how they ended. Every fourth write has an Idempotency-Key
// and is repeated until it is acknowledged. It is safe for concurrent use.
type Record struct {
	client *client.Client

	mu       sync.Mutex
	requests []Ended
	writes   map[string]*write // by the first word of the content
}

// NewRecord returns an empty record of what the client sends.
func NewRecord(c *client.Client) *Record { return &Record{client: c, writes: map[string]*write{}} }

// An Ended is a request that was sent, and how it ended.
type Ended struct {
	Begun  time.Time
	Took   time.Duration
	Read   bool
	Status int    // 0: no response
	Wrong  string // why a response without a success is none of those that an outage may cause
}

// Failed reports whether the request had no success.
func (e Ended) Failed() bool { return e.Status == 0 || e.Status >= http.StatusBadRequest }

// End returns when the request ended.
func (e Ended) End() time.Time { return e.Begun.Add(e.Took) }

// A write is a post that was sent, once or several times.
type write struct {
	acknowledged int  // how often
	refused      bool // with a response that says that nothing was stored
	keyed        bool // with an Idempotency-Key
}

// Requests returns those that have ended.
func (rec *Record) Requests() []Ended {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return slices.Clone(rec.requests)
}

// Send sends a request; a write with an Idempotency-Key until it is acknowledged or ctx ends.
func (rec *Record) Send(ctx context.Context, r Request) {
	if r.Word == "" {
		rec.do(ctx, r.Request, http.StatusOK)
	} else {
		rec.write(ctx, r)
	}
}

// write sends a post. Its content cannot be compressed, so the table grows by a page with every seventh.
func (rec *Record) write(ctx context.Context, r Request) {
	filling := make([]byte, 500)
	_, _ = rand.Read(filling) // never fails
	r.Body = map[string]string{"content": r.Word + " " + hex.EncodeToString(filling)}
	w := &write{keyed: r.Number%8 == 2}
	if w.keyed {
		r.Key = r.Word
	}
	rec.mu.Lock()
	rec.writes[r.Word] = w
	rec.mu.Unlock()
	for {
		response := rec.do(ctx, r.Request, http.StatusCreated)
		rec.mu.Lock()
		switch {
		case response.Status == http.StatusCreated:
			w.acknowledged++
		case !w.keyed:
			w.refused = response.Status != 0 && !strings.Contains(response.Hint(), unknownOutcome)
		}
		rec.mu.Unlock()
		if response.Status == http.StatusCreated || !w.keyed {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(retryPause):
		}
	}
}

// do sends a request, records how it ended, and returns the response; without one its status is 0.
func (rec *Record) do(ctx context.Context, r client.Request, want int) client.Response {
	begun := time.Now()
	response, err := rec.client.Do(ctx, r)
	done := Ended{Begun: begun, Took: time.Since(begun), Read: r.Method == http.MethodGet, Status: response.Status}
	switch {
	case err != nil:
		done.Status, done.Wrong = 0, err.Error()
		response.Status = 0
	case response.Status != want:
		done.Wrong = unexpected(r, response)
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.requests = append(rec.requests, done)
	return response
}

// unexpected says what is wrong with an error response; nothing if it is a 503 or 504 as the contract wants it.
func unexpected(r client.Request, response client.Response) string {
	switch response.Status {
	case http.StatusServiceUnavailable:
		if response.Header.Get("Retry-After") == "" {
			return fmt.Sprintf("%s returned 503 without Retry-After: %s", r, response.Hint())
		}
	case http.StatusGatewayTimeout:
	default:
		return fmt.Sprintf("%s returned %d: %s", r, response.Status, response.Hint())
	}
	return ""
}
