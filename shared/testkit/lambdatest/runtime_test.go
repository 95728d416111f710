package lambdatest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// An instance calls the runtime API as a function's process does.
type instance struct {
	t    *testing.T
	base string
}

func (i instance) next() (id string, header http.Header, event string) {
	i.t.Helper()
	response, err := http.Get(i.base + "/2018-06-01/runtime/invocation/next")
	if err != nil {
		i.t.Error(err)
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		i.t.Error(err)
	}
	return response.Header.Get("Lambda-Runtime-Aws-Request-Id"), response.Header, string(body)
}

func (i instance) post(path, body string) int {
	i.t.Helper()
	response, err := http.Post(i.base+"/2018-06-01/runtime/"+path, "application/json", strings.NewReader(body))
	if err != nil {
		i.t.Error(err)
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}

func newInstance(t *testing.T) (*Runtime, instance) {
	t.Helper()
	r, err := NewRuntime()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r, instance{t, "http://" + r.Address}
}

func TestInvoke(t *testing.T) {
	t.Parallel()
	r, i := newInstance(t)
	var calls sync.WaitGroup
	calls.Go(func() {
		id, header, event := i.next()
		milliseconds, err := strconv.ParseInt(header.Get("Lambda-Runtime-Deadline-Ms"), 10, 64)
		left := time.Until(time.UnixMilli(milliseconds))
		if err != nil || left > r.Timeout || left < r.Timeout-5*time.Second {
			t.Errorf("the deadline is in %v: %v", left, err)
		}
		if header.Get("Lambda-Runtime-Invoked-Function-Arn") != ARN || header.Get("Lambda-Runtime-Trace-Id") == "" {
			t.Errorf("the invocation's headers are %v", header)
		}
		if status := i.post("invocation/another/response", "{}"); status != http.StatusBadRequest {
			t.Errorf("the result of an unknown invocation: status %d", status)
		}
		if status := i.post("invocation/"+id+"/response", "the event was "+event); status != http.StatusAccepted {
			t.Errorf("the result: status %d", status)
		}
		if status := i.post("invocation/"+id+"/response", "again"); status != http.StatusBadRequest {
			t.Errorf("a second result: status %d", status)
		}
		id, _, _ = i.next()
		i.post("invocation/"+id+"/error", `{"errorMessage":"no","errorType":"T"}`)
	})
	result, err := r.Invoke(t.Context(), []byte("hello"))
	if err != nil || string(result) != "the event was hello" {
		t.Errorf("%q, %v", result, err)
	}
	var failed Failure
	if _, err := r.Invoke(t.Context(), nil); !errors.As(err, &failed) || failed != (Failure{"no", "T"}) {
		t.Errorf("a function error: %v", err)
	}
	calls.Wait() // the runtime may be closed only after its last response
}

func TestInvokeWithoutResult(t *testing.T) {
	t.Parallel()
	r, i := newInstance(t)
	r.Timeout = 50 * time.Millisecond
	var failed Failure
	if _, err := r.Invoke(t.Context(), nil); !errors.As(err, &failed) || failed.Type != "Sandbox.Timedout" {
		t.Errorf("the instance asks for no event: %v", err)
	}
	ids := make(chan string, 1)
	go func() {
		id, _, _ := i.next()
		ids <- id
	}()
	var id string
	for id == "" { // on a busy machine the instance may not ask within the first timeout
		if _, err := r.Invoke(t.Context(), nil); !errors.As(err, &failed) || failed.Type != "Sandbox.Timedout" {
			t.Fatalf("the instance returns no result: %v", err)
		}
		select {
		case id = <-ids:
		default:
		}
	}
	if status := i.post("invocation/"+id+"/response", "late"); status != http.StatusBadRequest {
		t.Errorf("a result after the timeout: status %d", status)
	}
	if _, err := r.Invoke(t.Context(), make([]byte, maxEvent+1)); !errors.As(err, &failed) {
		t.Errorf("an event of more than 6 MiB: %v", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Invoke(canceled, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled context: %v", err)
	}
	status := i.post("init/error", `{"errorMessage":"cannot","errorType":"I"}`)
	if status != http.StatusAccepted || <-r.Failures != (Failure{"cannot", "I"}) {
		t.Errorf("init/error: status %d", status)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.Invoke(t.Context(), nil); !errors.As(err, &failed) || failed.Type != "Runtime.ExitError" {
		t.Errorf("the instance has exited: %v", err)
	}
}
