// Package client calls minifb's API over HTTP as any caller could, for programs that fill or try a bundle.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// timeout is for one answer: more than the functions and what stands before them give themselves.
const timeout = 30 * time.Second

// A Client calls one bundle. It is safe for concurrent use.
type Client struct {
	// Patience is how long one call waits in all where it is answered 429, as Retry-After asks. Zero: not at all.
	Patience time.Duration

	base string
	http http.Client
}

// New makes a client of the bundle at base, such as http://localhost:8080, that keeps up to `connections` open.
func New(base string, connections int) *Client {
	return &Client{base: strings.TrimRight(base, "/"), http: http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DisableCompression: true,
			MaxIdleConns: connections, MaxIdleConnsPerHost: connections, IdleConnTimeout: time.Minute,
		},
	}}
}

// Close ends the connections that are kept.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// A Request is what to ask.
type Request struct {
	Method, Path string // the path with its query
	Token        string // an access token, if any
	Key          string // an Idempotency-Key, if any
	Body         any    // what is sent as JSON; nil: no body
}

// String is the request as people write it: "GET /post/14".
func (r Request) String() string { return r.Method + " " + r.Path }

// An Answer is what came back, whatever its status.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do asks, and answers whatever came back. Its error means that nothing did, or not the whole of it.
func (c *Client) Do(ctx context.Context, r Request) (Response, error) {
	left := c.Patience
	for {
		a, err := c.send(ctx, r)
		if err != nil {
			return a, fmt.Errorf("%s: %w", r, err)
		}
		pause := a.retryAfter()
		if a.Status != http.StatusTooManyRequests || pause > left {
			return a, nil
		}
		left -= pause
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return a, fmt.Errorf("%s: %w", r, ctx.Err())
		}
	}
}

func (c *Client) send(ctx context.Context, r Request) (Response, error) {
	var body io.Reader
	if r.Body != nil {
		encoded, err := json.Marshal(r.Body)
		if err != nil {
			return Response{}, fmt.Errorf("write the body: %w", err)
		}
		body = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, c.base+r.Path, body)
	if err != nil {
		return Response{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.Token != "" {
		req.Header.Set("Authorization", "Bearer "+r.Token)
	}
	if r.Key != "" {
		req.Header.Set("Idempotency-Key", r.Key)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return Response{}, err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	return Response{resp.StatusCode, resp.Header, content}, err
}

// retryAfter is how long the answer asks to wait: a second where it does not say.
func (a Response) retryAfter() time.Duration {
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if err != nil || seconds < 1 {
		seconds = 1
	}
	return time.Duration(seconds) * time.Second
}

// Hint is what an error's answer says of it.
func (a Response) Hint() string {
	var e struct{ Hint string }
	if json.Unmarshal(a.Body, &e) != nil || e.Hint == "" {
		return http.StatusText(a.Status)
	}
	return e.Hint
}

// A Refusal is an answer with a status that the caller did not want.
type StatusError struct {
	Request    string // such as "POST /signup"
	Status     int
	Hint       string
	RetryAfter time.Duration // of a 429
}

func (r *StatusError) Error() string {
	return fmt.Sprintf("%s was answered %d: %s", r.Request, r.Status, r.Hint)
}

// Call asks, reads a success into `into` unless that is nil, and answers the status, which is one of those wanted. Any other
// status is a Refusal.
func (c *Client) Call(ctx context.Context, r Request, into any, want ...int) (status int, err error) {
	a, err := c.Do(ctx, r)
	if err != nil {
		return 0, err
	}
	if !slices.Contains(want, a.Status) {
		refusal := &StatusError{Request: r.String(), Status: a.Status, Hint: a.Hint()}
		if a.Status == http.StatusTooManyRequests {
			refusal.RetryAfter = a.retryAfter()
		}
		return a.Status, refusal
	}
	if into != nil && a.Status < http.StatusMultipleChoices {
		if err := json.Unmarshal(a.Body, into); err != nil {
			return a.Status, fmt.Errorf("%s: the answer is not as it should be: %w", r, err)
		}
	}
	return a.Status, nil
}
