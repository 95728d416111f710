package main

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
	"minifb/shared/testkit/trial"
)

// retryPause is how long a client waits before it repeats a write that has an Idempotency-Key.
const retryPause = 200 * time.Millisecond

// unknownOutcome is in the hint to a write that may have been stored although it failed.
const unknownOutcome = "its outcome is not known"

// A load sends the requests of a trial.Load, and records how they ended. Every fourth write has an Idempotency-Key and
// is repeated until it is acknowledged.
type load struct {
	client *client.Client

	mu       sync.Mutex
	requests []request
	writes   map[string]*write // by the first word of the content
}

// A request is one that was sent, and how it ended.
type request struct {
	begun  time.Time
	took   time.Duration
	read   bool
	status int    // 0: no response
	wrong  string // why a response without a success is none of those that a fault may cause
}

// A write is a post that was sent, once or several times.
type write struct {
	acknowledged int  // how often
	refused      bool // with a response that says that nothing was stored
	keyed        bool // with an Idempotency-Key
}

// sent returns the requests that have ended.
func (l *load) sent() []request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.requests)
}

func (l *load) send(ctx context.Context, r trial.Request) {
	if r.Word == "" {
		l.do(ctx, r.Request, http.StatusOK)
	} else {
		l.write(ctx, r)
	}
}

// write sends a post. Its content cannot be compressed, so the table grows by a page with every seventh.
func (l *load) write(ctx context.Context, r trial.Request) {
	filling := make([]byte, 500)
	_, _ = rand.Read(filling) // never fails
	r.Body = map[string]string{"content": r.Word + " " + hex.EncodeToString(filling)}
	w := &write{keyed: r.Number%8 == 2}
	if w.keyed {
		r.Key = r.Word
	}
	l.mu.Lock()
	l.writes[r.Word] = w
	l.mu.Unlock()
	for {
		response := l.do(ctx, r.Request, http.StatusCreated)
		l.mu.Lock()
		switch {
		case response.Status == http.StatusCreated:
			w.acknowledged++
		case !w.keyed:
			w.refused = response.Status != 0 && !strings.Contains(response.Hint(), unknownOutcome)
		}
		l.mu.Unlock()
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
func (l *load) do(ctx context.Context, r client.Request, want int) client.Response {
	begun := time.Now()
	response, err := l.client.Do(ctx, r)
	done := request{begun: begun, took: time.Since(begun), read: r.Method == http.MethodGet, status: response.Status}
	switch {
	case err != nil:
		done.status, done.wrong = 0, err.Error()
		response.Status = 0
	case response.Status != want:
		done.wrong = unexpected(r, response)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = append(l.requests, done)
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
