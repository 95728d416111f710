package lambdatest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// An instance, as the runtime API's documentation describes what one does.
type caller struct {
	t    *testing.T
	base string
}

func (c caller) next() (id string, header http.Header, event string) {
	c.t.Helper()
	response, err := http.Get(c.base + "/2018-06-01/runtime/invocation/next")
	if err != nil {
		c.t.Error(err)
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Error(err)
	}
	return response.Header.Get("Lambda-Runtime-Aws-Request-Id"), response.Header, string(body)
}

func (c caller) post(path, body string) int {
	c.t.Helper()
	response, err := http.Post(c.base+"/2018-06-01/runtime/"+path, "application/json", strings.NewReader(body))
	if err != nil {
		c.t.Error(err)
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}

func newCaller(t *testing.T) (*Runtime, caller) {
	t.Helper()
	r, err := NewRuntime()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r, caller{t, "http://" + r.Address}
}

func TestInvocation(t *testing.T) {
	t.Parallel()
	r, c := newCaller(t)
	go func() {
		id, header, event := c.next()
		deadline, err := strconv.ParseInt(header.Get("Lambda-Runtime-Deadline-Ms"), 10, 64)
		if left := time.Until(time.UnixMilli(deadline)); err != nil || left > r.Timeout || left < r.Timeout-5*time.Second {
			t.Errorf("the deadline is %v away: %v", left, err)
		}
		if header.Get("Lambda-Runtime-Invoked-Function-Arn") != ARN || header.Get("Lambda-Runtime-Trace-Id") == "" {
			t.Errorf("the invocation's headers are %v", header)
		}
		if status := c.post("invocation/another/response", "{}"); status != http.StatusBadRequest {
			t.Errorf("an answer to no invocation is taken: %d", status)
		}
		if status := c.post("invocation/"+id+"/response", "you said "+event); status != http.StatusAccepted {
			t.Errorf("the answer is not taken: %d", status)
		}
		if status := c.post("invocation/"+id+"/response", "again"); status != http.StatusBadRequest {
			t.Errorf("a second answer is taken: %d", status)
		}
		id, _, _ = c.next()
		c.post("invocation/"+id+"/error", `{"errorMessage":"no","errorType":"T"}`)
	}()
	answer, err := r.Invoke(t.Context(), []byte("hello"))
	if err != nil || string(answer) != "you said hello" {
		t.Errorf("%q, %v", answer, err)
	}
	var failed Failure
	if _, err := r.Invoke(t.Context(), nil); !errors.As(err, &failed) || failed != (Failure{"no", "T"}) {
		t.Errorf("a function error is %v", err)
	}
}

func TestInvocationsThatEndEarly(t *testing.T) {
	t.Parallel()
	r, c := newCaller(t)
	r.Timeout = 50 * time.Millisecond
	var failed Failure
	if _, err := r.Invoke(t.Context(), nil); !errors.As(err, &failed) || failed.Type != "Sandbox.Timedout" {
		t.Errorf("nobody asked for the event: %v", err)
	}
	taken := make(chan string, 1)
	go func() {
		id, _, _ := c.next()
		taken <- id
	}()
	if _, err := r.Invoke(t.Context(), nil); !errors.As(err, &failed) || failed.Type != "Sandbox.Timedout" {
		t.Errorf("no answer came: %v", err)
	}
	if status := c.post("invocation/"+<-taken+"/response", "late"); status != http.StatusBadRequest {
		t.Errorf("an answer that comes too late is taken: %d", status)
	}
	if _, err := r.Invoke(t.Context(), make([]byte, maxEvent+1)); !errors.As(err, &failed) {
		t.Errorf("an event of more than 6 MiB: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Invoke(gone, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("the caller has gone: %v", err)
	}
	if status := c.post("init/error", `{"errorMessage":"cannot","errorType":"I"}`); status != http.StatusAccepted || <-r.Failures != (Failure{"cannot", "I"}) {
		t.Errorf("init/error: %d", status)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.Invoke(t.Context(), nil); !errors.As(err, &failed) || failed.Type != "Runtime.ExitError" {
		t.Errorf("the instance has gone: %v", err)
	}
}
