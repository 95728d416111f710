// Package lambdatest is Lambda for tests: the runtime API that the real binaries are driven through, and the gateways that stand
// in front of it, which make events of HTTP requests and HTTP answers of what comes back.
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
	"time"
)

const (
	// ARN names the function that is invoked.
	ARN      = "arn:aws:lambda:ap-northeast-2:123456789012:function:minifb"
	maxEvent = 6 << 20 // bytes, of an event and of an answer
)

// A Runtime is the Lambda runtime API (2018-06-01) for one instance of a function. As in Lambda, it has one invocation under way at a
// time; others wait. Close it after the instance has ended.
type Runtime struct {
	Address string        // for AWS_LAMBDA_RUNTIME_API
	Timeout time.Duration // of an invocation; set it before the first
	// Failures gets what the instance says of why it cannot start (init/error).
	Failures chan Failure

	server *http.Server
	gone   context.Context // ends when the instance has
	close  context.CancelFunc
	turn   chan struct{} // holds one token: the right to invoke
	next   chan *invocation
	now    chan *invocation // the one under way; a token's place, never longer than one
}

type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
	done     chan result
}

type result struct {
	payload []byte
	err     error
}

// A Failure is a function error: the function answered no event, and why.
type Failure struct {
	Message string `json:"errorMessage"`
	Type    string `json:"errorType"`
}

func (f Failure) Error() string { return f.Type + ": " + f.Message }

// NewRuntime listens on a port of its own.
func NewRuntime() (*Runtime, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("runtime API: %w", err)
	}
	r := &Runtime{
		Address: listener.Addr().String(), Timeout: 15 * time.Second, Failures: make(chan Failure, 1),
		turn: make(chan struct{}, 1), next: make(chan *invocation), now: make(chan *invocation, 1),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", r.serveNext)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", func(w http.ResponseWriter, q *http.Request) {
		r.finish(w, q, func(body []byte) result { return result{payload: body} })
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", func(w http.ResponseWriter, q *http.Request) {
		r.finish(w, q, func(body []byte) result { return result{err: failure(body)} })
	})
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		select {
		case r.Failures <- failure(body):
		default:
		}
		accepted(w)
	})
	mux.HandleFunc("POST /2020-01-01/extension/register", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Lambda-Extension-Identifier", rand.Text())
		_, _ = io.WriteString(w, `{"functionName":"minifb","functionVersion":"$LATEST","handler":"bootstrap"}`)
	})
	mux.HandleFunc("GET /2020-01-01/extension/event/next", func(_ http.ResponseWriter, q *http.Request) {
		<-q.Context().Done() // nobody registers for an event
	})
	r.gone, r.close = context.WithCancel(context.Background())
	r.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	r.turn <- struct{}{}
	go func() { _ = r.server.Serve(listener) }()
	return r, nil
}

// Close ends the API, every call of it and the invocation under way.
func (r *Runtime) Close() error {
	r.close()
	return r.server.Close()
}

var errExited = Failure{Type: "Runtime.ExitError", Message: "the process has exited"}

// Invoke hands an event to the instance and answers what it answers; a Failure where that is a function error. It
// waits for its turn and for the instance to be ready. An instance that does not answer within Timeout has failed, as in Lambda.
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
	i := &invocation{id: rand.Text(), payload: payload, deadline: time.Now().Add(r.Timeout), done: make(chan result, 1)}
	timer := time.NewTimer(r.Timeout)
	defer timer.Stop()
	select {
	case r.next <- i:
	case <-timer.C:
		return nil, Failure{Type: "Sandbox.Timedout", Message: "the instance never asked for an event"}
	case <-r.gone.Done():
		return nil, errExited
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case done := <-i.done:
		return done.payload, done.err
	case <-r.gone.Done():
		return nil, errExited
	case <-timer.C:
		select { // its answer comes too late from now on
		case <-r.now:
		default:
		}
		return nil, Failure{Type: "Sandbox.Timedout", Message: fmt.Sprintf("Task timed out after %.2f seconds", r.Timeout.Seconds())}
	}
}

func (r *Runtime) serveNext(w http.ResponseWriter, q *http.Request) {
	select {
	case i := <-r.next:
		r.now <- i
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", i.id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(i.deadline.UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", ARN)
		w.Header().Set("Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")
		_, _ = w.Write(i.payload)
	case <-q.Context().Done():
	}
}

func (r *Runtime) finish(w http.ResponseWriter, q *http.Request, read func([]byte) result) {
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, maxEvent))
	if err != nil {
		http.Error(w, `{"errorMessage":"the answer is longer than 6 MiB","errorType":"RequestEntityTooLarge"}`, http.StatusRequestEntityTooLarge)
		return
	}
	select {
	case i := <-r.now:
		if i.id == q.PathValue("id") {
			i.done <- read(body)
			accepted(w)
			return
		}
		r.now <- i
	default:
	}
	http.Error(w, `{"errorMessage":"no such invocation is under way","errorType":"InvalidRequestID"}`, http.StatusBadRequest)
}

func accepted(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`)
}

func failure(body []byte) Failure {
	var f Failure
	if err := json.Unmarshal(body, &f); err != nil || f.Type == "" {
		f = Failure{Type: "Unknown", Message: strings.ToValidUTF8(string(body), "?")}
	}
	return f
}
