// Package client calls minifb's API over HTTP, for programs that fill or test a bundle.
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

// timeout limits one request. It is longer than the limits of the functions, nginx and Lambda.
const timeout = 30 * time.Second

// A Client calls one bundle. It is safe for concurrent use.
type Client struct {
	// MaxWait limits how long one call waits in total before it repeats a request that got 429, as
	// Retry-After says. Zero: no request is repeated.
	MaxWait time.Duration

	base string
	http http.Client
}

// New returns a client of the bundle at base, such as http://localhost:8080. It keeps up to the
// given number of connections open.
func New(base string, connections int) *Client {
	return &Client{base: strings.TrimRight(base, "/"), http: http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DisableCompression: true,
			MaxIdleConns: connections, MaxIdleConnsPerHost: connections,
			// nginx closes a connection without a request after 5 s; the transport may open one and not need it.
			IdleConnTimeout: 3 * time.Second,
		},
	}}
}

// Close closes the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// A Request is a request to the API.
type Request struct {
	Method, Path string // the path with its query
	Token        string // an access token; empty: none
	Key          string // the Idempotency-Key; empty: none
	Body         any    // sent as JSON; nil: no body
}

// String returns the method and path, such as "GET /post/14".
func (r Request) String() string { return r.Method + " " + r.Path }

// A Response is a response with its whole body.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request and returns the response, also if it is an error response. The error means
// that there is no complete response.
func (c *Client) Do(ctx context.Context, r Request) (Response, error) {
	left := c.MaxWait
	for {
		response, err := c.send(ctx, r)
		if err != nil {
			return response, fmt.Errorf("%s: %w", r, err)
		}
		pause := response.retryAfter()
		if response.Status != http.StatusTooManyRequests || pause > left {
			return response, nil
		}
		left -= pause
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return response, fmt.Errorf("%s: %w", r, ctx.Err())
		}
	}
}

func (c *Client) send(ctx context.Context, r Request) (Response, error) {
	var body io.Reader
	if r.Body != nil {
		encoded, err := json.Marshal(r.Body)
		if err != nil {
			return Response{}, fmt.Errorf("encode the body: %w", err)
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

// retryAfter returns the value of Retry-After, or a second if there is none.
func (r Response) retryAfter() time.Duration {
	seconds, err := strconv.Atoi(r.Header.Get("Retry-After"))
	if err != nil || seconds < 1 {
		seconds = 1
	}
	return time.Duration(seconds) * time.Second
}

// Hint returns the hint of an error response, or its status text if there is none.
func (r Response) Hint() string {
	var e struct{ Hint string }
	if json.Unmarshal(r.Body, &e) != nil || e.Hint == "" {
		return http.StatusText(r.Status)
	}
	return e.Hint
}

// A StatusError is a response with a status that the caller did not want.
type StatusError struct {
	Request    string // such as "POST /signup"
	Status     int
	Hint       string
	RetryAfter time.Duration // of a 429
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s returned %d: %s", e.Request, e.Status, e.Hint)
}

// Call sends a request and returns the status, which is one of those wanted. It decodes the body of
// a success into a value, unless that is nil. For any other status the error is a StatusError.
func (c *Client) Call(ctx context.Context, r Request, into any, want ...int) (status int, err error) {
	response, err := c.Do(ctx, r)
	if err != nil {
		return 0, err
	}
	if !slices.Contains(want, response.Status) {
		unwanted := &StatusError{Request: r.String(), Status: response.Status, Hint: response.Hint()}
		if response.Status == http.StatusTooManyRequests {
			unwanted.RetryAfter = response.retryAfter()
		}
		return response.Status, unwanted
	}
	if into != nil && response.Status < http.StatusMultipleChoices {
		if err := json.Unmarshal(response.Body, into); err != nil {
			return response.Status, fmt.Errorf("%s: decode the response: %w", r, err)
		}
	}
	return response.Status, nil
}
