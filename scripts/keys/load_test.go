package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"minifb/shared/testkit/client"
	"minifb/shared/testkit/programs"
)

// A load is clients that sign in, refresh their tokens and call functions all the time.
type load struct {
	api *client.Client

	mu       sync.Mutex
	requests int
	refused  []string
	kids     map[string]string // of each client's access token
}

// tokens is what POST /auth and POST /refresh return.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// startLoad starts a client for each account. They stop when ctx ends.
func startLoad(ctx context.Context, url, password string, accounts ...string) (l *load, wait func()) {
	l = &load{api: client.New(url, len(accounts)), kids: map[string]string{}}
	var all sync.WaitGroup
	for _, account := range accounts {
		all.Go(func() {
			for ctx.Err() == nil {
				l.session(ctx, account, password)
			}
		})
	}
	return l, all.Wait
}

// session signs in, and refreshes the tokens some times.
func (l *load) session(ctx context.Context, account, password string) {
	signIn := client.Request{
		Method: http.MethodPost, Path: "/auth", Body: map[string]string{"id": account, "password": password},
	}
	var held tokens
	if !l.call(ctx, signIn, &held) {
		return
	}
	for range 5 {
		l.mu.Lock()
		l.kids[account] = kidOf(held.Access)
		l.mu.Unlock()
		for _, path := range []string{"/session", "/post?size=1", "/timeline?size=1"} {
			l.call(ctx, client.Request{Method: http.MethodGet, Path: path, Token: held.Access}, nil)
		}
		refresh := client.Request{
			Method: http.MethodPost, Path: "/refresh", Body: map[string]string{"refresh_token": held.Refresh},
		}
		if !l.call(ctx, refresh, &held) {
			return
		}
	}
}

// call sends a request and counts it. A refused one is any that did not succeed. The pause leaves
// the processors to the tests that run meanwhile.
func (l *load) call(ctx context.Context, r client.Request, into any) bool {
	time.Sleep(10 * time.Millisecond)
	_, err := l.api.Call(ctx, r, into, http.StatusOK)
	if ctx.Err() != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests++
	if err != nil {
		l.refused = append(l.refused, err.Error())
	}
	return err == nil
}

// kidOf returns the kid of a token; empty if it is none.
func kidOf(token string) string {
	part, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(part)
	var header struct{ Kid string }
	if err != nil || json.Unmarshal(text, &header) != nil {
		return ""
	}
	return header.Kid
}

// counted returns the number of requests so far, and how many clients hold a token of the key.
func (l *load) counted(kid string) (requests, holders int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, held := range l.kids {
		if held == kid {
			holders++
		}
	}
	return l.requests, holders
}

// more waits until the load has sent some more requests.
func (l *load) more(t *testing.T, n int) {
	t.Helper()
	before, _ := l.counted("")
	programs.Until(t, fmt.Sprintf("%d more requests", n), func() bool {
		now, _ := l.counted("")
		return now-before >= n
	})
}
