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

// serve answers by do; the client's requests end with the test.
func serve(t *testing.T, do http.HandlerFunc) *client.Client {
	t.Helper()
	server := httptest.NewServer(do)
	t.Cleanup(server.Close)
	c := client.New(server.URL+"/", 1)
	t.Cleanup(c.Close)
	return c
}

func TestCallSendsAndReads(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != "PUT" || r.RequestURI != "/post/1/reaction?x=%2F" || r.Header.Get("Authorization") != "Bearer abc" ||
			r.Header.Get("Idempotency-Key") != "k" || r.Header.Get("Content-Type") != "application/json" || string(body) != `{"type":2}` {
			t.Errorf("%s %s %v %s %v", r.Method, r.RequestURI, r.Header, body, err)
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"type":2}`)
	})
	var told struct{ Type int }
	r := client.Request{Method: "PUT", Path: "/post/1/reaction?x=%2F", Token: "abc", Key: "k", Body: map[string]int{"type": 2}}
	status, err := c.Call(t.Context(), r, &told, 200, 201)
	if err != nil || status != 201 || told.Type != 2 {
		t.Errorf("%d, %+v, %v", status, told, err)
	}
}

func TestCallRefused(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Type") != "" || r.Header.Get("Authorization") != "" {
			t.Errorf("a bare GET came with %v", r.Header)
		}
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"result":"Not Found","hint":"There is no post 1."}`)
	})
	_, err := c.Call(t.Context(), client.Request{Method: "GET", Path: "/post/1"}, nil, 200)
	var refusal *client.StatusError
	if !errors.As(err, &refusal) || refusal.Status != 404 || err.Error() != "GET /post/1 was answered 404: There is no post 1." {
		t.Errorf("%v", err)
	}
}

func TestPatience(t *testing.T) {
	t.Parallel()
	times := 0
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err != nil || string(body) != `"again"` {
			t.Errorf("the body of time %d is %q, %v", times, body, err)
		}
		if times++; times%2 == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	r := client.Request{Method: "POST", Path: "/auth", Body: "again"}

	_, err := c.Call(t.Context(), r, nil, 200)
	var refusal *client.StatusError
	if !errors.As(err, &refusal) || refusal.RetryAfter != time.Second || times != 1 {
		t.Errorf("without patience: %v after %d requests", err, times)
	}
	times = 0
	c.Patience = 1500 * time.Millisecond
	begun := time.Now()
	if _, err := c.Call(t.Context(), r, nil, 200); err != nil || times != 2 || time.Since(begun) < time.Second {
		t.Errorf("with patience: %v after %d requests and %s", err, times, time.Since(begun))
	}
	times = 0
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Call(ctx, r, nil, 200); !errors.Is(err, context.DeadlineExceeded) || times != 1 {
		t.Errorf("a wait that is cancelled: %v after %d requests", err, times)
	}
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	c := client.New("http://127.0.0.1:1", 1)
	_, err := c.Call(t.Context(), client.Request{Method: "GET", Path: "/post"}, nil, 200)
	var refusal *client.StatusError
	if err == nil || errors.As(err, &refusal) {
		t.Errorf("%v", err)
	}
}
