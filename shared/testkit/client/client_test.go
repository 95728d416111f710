package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"minifb/shared/testkit/client"
)

// serve returns a client of a server with this handler, until the test ends.
func serve(t *testing.T, handler http.HandlerFunc) *client.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c := client.New(server.URL+"/", 1)
	t.Cleanup(c.Close)
	return c
}

func TestCallSendsAndReads(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != "PUT" || r.RequestURI != "/post/1/reaction?x=%2F" ||
			r.Header.Get("Authorization") != "Bearer abc" || r.Header.Get("Idempotency-Key") != "k" ||
			r.Header.Get("Content-Type") != "application/json" || string(body) != `{"type":2}` {
			t.Errorf("%s %s %v %s %v", r.Method, r.RequestURI, r.Header, body, err)
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"type":2}`)
	})
	var returned struct{ Type int }
	r := client.Request{
		Method: "PUT", Path: "/post/1/reaction?x=%2F", Token: "abc", Key: "k", Body: map[string]int{"type": 2},
	}
	status, err := c.Call(t.Context(), r, &returned, 200, 201)
	if err != nil || status != 201 || returned.Type != 2 {
		t.Errorf("%d, %+v, %v", status, returned, err)
	}
}

func TestCallGetsAnotherStatus(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Type") != "" || r.Header.Get("Authorization") != "" {
			t.Errorf("GET without token and body has the headers %v", r.Header)
		}
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"result":"Not Found","hint":"There is no post 1."}`)
	})
	_, err := c.Call(t.Context(), client.Request{Method: "GET", Path: "/post/1"}, nil, 200)
	var unwanted *client.StatusError
	if !errors.As(err, &unwanted) || unwanted.Status != 404 ||
		err.Error() != "GET /post/1 returned 404: There is no post 1." {
		t.Errorf("%v", err)
	}
}

func TestMaxWait(t *testing.T) {
	t.Parallel()
	requests := 0
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err != nil || string(body) != `"again"` {
			t.Errorf("the body of request %d is %q, %v", requests+1, body, err)
		}
		if requests++; requests%2 == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	r := client.Request{Method: "POST", Path: "/auth", Body: "again"}

	_, err := c.Call(t.Context(), r, nil, 200)
	var unwanted *client.StatusError
	if !errors.As(err, &unwanted) || unwanted.RetryAfter != time.Second || requests != 1 {
		t.Errorf("without MaxWait: %v after %d requests", err, requests)
	}
	requests = 0
	c.MaxWait = 1500 * time.Millisecond
	begun := time.Now()
	if _, err := c.Call(t.Context(), r, nil, 200); err != nil || requests != 2 || time.Since(begun) < time.Second {
		t.Errorf("with MaxWait: %v after %d requests and %s", err, requests, time.Since(begun))
	}
	requests = 0
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Call(ctx, r, nil, 200); !errors.Is(err, context.DeadlineExceeded) || requests != 1 {
		t.Errorf("a wait that is canceled: %v after %d requests", err, requests)
	}
}

func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	c := client.New("http://127.0.0.1:1", 1)
	_, err := c.Call(t.Context(), client.Request{Method: "GET", Path: "/post"}, nil, 200)
	var unwanted *client.StatusError
	if err == nil || errors.As(err, &unwanted) {
		t.Errorf("%v", err)
	}
}
