// Package lambdatest stands in for AWS Lambda in tests. It invokes the functions' real binaries
// through the runtime API, and models the gateways that make events of HTTP requests.
package lambdatest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// ARN is that of the function in each invocation.
	ARN      = "arn:aws:lambda:ap-northeast-2:123456789012:function:minifb"
	maxEvent = 6 << 20 // bytes of an event and of a result
)

// A Runtime is the Lambda runtime API (2018-06-01) for one instance of a function. As in Lambda, an
// instance handles one invocation at a time; others wait. Close it after the instance has ended.
type Runtime struct {
	Address string        // for AWS_LAMBDA_RUNTIME_API
	Timeout time.Duration // of an invocation; do not change it after the first
	// Failures receives the instance's reports that it cannot start (init/error).
	Failures chan Failure

	server *http.Server
	exited context.Context // done when the instance has exited
	close  context.CancelFunc
	turn   chan struct{} // has one value: the right to invoke
	next   chan *invocation

	extended atomic.Bool // an extension is registered

	mu      sync.Mutex
	current *invocation // the one that has no result yet, if any
}

type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
	done     chan outcome
}

type outcome struct {
	payload []byte
	err     error
}

// A Failure is a function error: why an invocation has no result.
type Failure struct {
	Message string `json:"errorMessage"`
	Type    string `json:"errorType"`
}

func (f Failure) Error() string { return f.Type + ": " + f.Message }

// NewRuntime starts the API on a free port of the loopback interface.
func NewRuntime() (*Runtime, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("runtime API: %w", err)
	}
	r := &Runtime{
		Address: listener.Addr().String(), Timeout: 15 * time.Second, Failures: make(chan Failure, 1),
		turn: make(chan struct{}, 1), next: make(chan *invocation),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", r.serveNext)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", func(w http.ResponseWriter, q *http.Request) {
		r.finish(w, q, func(body []byte) outcome { return outcome{payload: body} })
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", func(w http.ResponseWriter, q *http.Request) {
		r.finish(w, q, func(body []byte) outcome { return outcome{err: parseFailure(body)} })
	})
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		select {
		case r.Failures <- parseFailure(body):
		default:
		}
		writeAccepted(w)
	})
	mux.HandleFunc("POST /2020-01-01/extension/register", func(w http.ResponseWriter, _ *http.Request) {
		r.extended.Store(true)
		w.Header().Set("Lambda-Extension-Identifier", rand.Text())
		_, _ = io.WriteString(w, `{"functionName":"minifb","functionVersion":"$LATEST","handler":"bootstrap"}`)
	})
	mux.HandleFunc("GET /2020-01-01/extension/event/next", func(_ http.ResponseWriter, q *http.Request) {
		<-q.Context().Done() // there are no events for extensions
	})
	r.exited, r.close = context.WithCancel(context.Background())
	r.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	r.turn <- struct{}{}
	go func() { _ = r.server.Serve(listener) }()
	return r, nil
}

// Close stops the API, and ends all its requests and the current invocation.
func (r *Runtime) Close() error {
	r.close()
	return r.server.Close()
}

var errExited = Failure{Type: "Runtime.ExitError", Message: "the process has exited"}

// Invoke sends an event to the instance and returns the result. It waits until the instance is
// free. The error is a Failure if the function failed, which includes no result within Timeout.
func (r *Runtime) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if len(payload) > maxEvent {
		return nil, Failure{Type: "RequestEntityTooLarge", Message: "the event is longer than 6 MiB"}
	}
	select {
	case <-r.turn:
		defer func() { r.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	i := &invocation{
		id: rand.Text(), payload: payload, deadline: time.Now().Add(r.Timeout), done: make(chan outcome, 1),
	}
	r.setCurrent(i)
	defer r.setCurrent(nil) // a result that comes later is refused
	timer := time.NewTimer(r.Timeout)
	defer timer.Stop()
	select {
	case r.next <- i:
	case <-timer.C:
		return nil, Failure{Type: "Sandbox.Timedout", Message: "the instance did not ask for an event"}
	case <-r.exited.Done():
		return nil, errExited
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case done := <-i.done:
		return done.payload, done.err
	case <-r.exited.Done():
		return nil, errExited
	case <-timer.C:
		message := fmt.Sprintf("Task timed out after %.2f seconds", r.Timeout.Seconds())
		return nil, Failure{Type: "Sandbox.Timedout", Message: message}
	}
}

func (r *Runtime) serveNext(w http.ResponseWriter, q *http.Request) {
	select {
	case i := <-r.next:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", i.id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(i.deadline.UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", ARN)
		w.Header().Set("Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")
		_, _ = w.Write(i.payload)
	case <-q.Context().Done():
	}
}

func (r *Runtime) finish(w http.ResponseWriter, q *http.Request, parse func([]byte) outcome) {
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, maxEvent))
	if err != nil {
		http.Error(w, `{"errorMessage":"the result is longer than 6 MiB","errorType":"RequestEntityTooLarge"}`,
			http.StatusRequestEntityTooLarge)
		return
	}
	i := r.takeCurrent(q.PathValue("id"))
	if i == nil {
		http.Error(w, `{"errorMessage":"no such invocation is being handled","errorType":"InvalidRequestID"}`,
			http.StatusBadRequest)
		return
	}
	i.done <- parse(body)
	writeAccepted(w)
}

func (r *Runtime) setCurrent(i *invocation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current = i
}

// takeCurrent returns the current invocation, once, if it has this id.
func (r *Runtime) takeCurrent(id string) (i *invocation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current == nil || r.current.id != id {
		return nil
	}
	i, r.current = r.current, nil
	return i
}

func writeAccepted(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`)
}

func parseFailure(body []byte) Failure {
	var f Failure
	if err := json.Unmarshal(body, &f); err != nil || f.Type == "" {
		f = Failure{Type: "Unknown", Message: strings.ToValidUTF8(string(body), "?")}
	}
	return f
}
