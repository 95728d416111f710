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
	"minifb/shared/token"
)

// retryPause is how long a client waits before it repeats a write that has an Idempotency-Key.
const retryPause = 200 * time.Millisecond

// unknownOutcome is in the hint to a write that may have been stored although it failed.
const unknownOutcome = "its outcome is not known"

// A load sends requests at a steady rate, no matter how long the earlier ones take. Every second one writes a post;
// the others read from three functions in turn. Every fourth write has an Idempotency-Key and is repeated until it is
// acknowledged.
type load struct {
	client *client.Client
	signer *token.Signer
	claims token.Claims
	rate   int

	mu       sync.Mutex
	fault    string // the contents of posts begin with it
	number   int    // requests so far
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

// begin forgets the earlier requests. The contents of the next posts begin with the fault.
func (l *load) begin(fault string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault, l.requests, l.writes = fault, nil, map[string]*write{}
}

// run sends requests until ctx is done, and returns when all of them have ended. Those with a key are repeated until
// then, and for as long as patience lasts.
func (l *load) run(ctx context.Context, patience time.Duration) error {
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	bearer, expires := "", time.Time{}
	ticks := time.NewTicker(time.Second / time.Duration(l.rate))
	defer ticks.Stop()
	var group sync.WaitGroup
	for {
		if time.Now().After(expires) {
			var err error
			if bearer, err = l.signer.Sign(l.claims); err != nil {
				return err
			}
			expires = time.Now().Add(time.Minute)
		}
		select {
		case <-ctx.Done():
			timer := time.AfterFunc(patience, cancel)
			group.Wait()
			timer.Stop()
			return nil
		case <-ticks.C:
			bearer := bearer
			l.mu.Lock()
			number := l.number
			l.number++
			l.mu.Unlock()
			group.Go(func() { l.send(sending, number, bearer) })
		}
	}
}

// sent returns the requests that have ended since begin.
func (l *load) sent() []request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.requests)
}

// send sends the request with this number.
func (l *load) send(ctx context.Context, number int, bearer string) {
	r := client.Request{Method: http.MethodGet, Token: bearer}
	switch number % 8 {
	case 1, 5:
		r.Path = "/post?size=5"
	case 3:
		r.Path = "/timeline?size=5"
	case 7:
		r.Path = "/user"
	default:
		l.write(ctx, number, bearer)
		return
	}
	l.do(ctx, r, http.StatusOK)
}

// write sends a post. Its content cannot be compressed, so the table grows by a page with every seventh.
func (l *load) write(ctx context.Context, number int, bearer string) {
	filling := make([]byte, 500)
	_, _ = rand.Read(filling) // never fails
	l.mu.Lock()
	word := fmt.Sprintf("%s.%d", l.fault, number)
	w := &write{keyed: number%8 == 2}
	l.writes[word] = w
	l.mu.Unlock()
	r := client.Request{
		Method: http.MethodPost, Path: "/post", Token: bearer,
		Body: map[string]string{"content": word + " " + hex.EncodeToString(filling)},
	}
	if w.keyed {
		r.Key = word
	}
	for {
		response := l.do(ctx, r, http.StatusCreated)
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
