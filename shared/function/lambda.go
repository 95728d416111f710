package function

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/akrylysov/algnhsa"
	"github.com/aws/aws-lambda-go/lambda"
)

// deadlineMargin is how long before the end of an invocation its request times out, so that the 504 is
// sent before Lambda ends the invocation. The count of the request has half of this time to be stored.
const deadlineMargin = 500 * time.Millisecond

// serveLambda serves invocations until ctx is done. It asks Lambda for a SIGTERM before the process
// is killed, so that the caller can close the connections to the database.
func serveLambda(ctx context.Context, h *Handler) {
	go lambda.StartWithOptions(newInvoker(h), lambda.WithEnableSIGTERM())
	<-ctx.Done()
	h.settings.Recorder.Flush(context.Background()) // what could not be stored before
}

// An invoker serves the invocations of a function, one at a time. algnhsa turns an event into a
// request, and the response into what the gateway expects. It loses or misreads parts of some
// events, and refuses events whose other fields have an unusual type. So it gets a plain event
// (lambda_event.go), and its request gets what the real event says (lambda_request.go). The Handler
// then sees what an HTTP server would give it.
type invoker struct {
	handler *Handler
	kinds   map[algnhsa.RequestType]lambda.Handler
	margin  time.Duration
}

func newInvoker(h *Handler) invoker {
	i := invoker{h, map[algnhsa.RequestType]lambda.Handler{}, deadlineMargin}
	for _, kind := range []algnhsa.RequestType{
		algnhsa.RequestTypeAPIGatewayV1, algnhsa.RequestTypeAPIGatewayV2, algnhsa.RequestTypeALB,
	} {
		i.kinds[kind] = algnhsa.New(eventServer{h}, &algnhsa.Options{RequestType: kind})
	}
	return i
}

type eventKey struct{}

// Invoke serves one event, and stores the count of its request before it returns: the process may be
// frozen then. It returns an error only if the event is neither that of an HTTP request nor that of
// a schedule, or if the schedule's call has failed.
func (i invoker) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	flushContext, stopFlush := endBefore(ctx, i.margin/2)
	defer stopFlush()
	defer i.handler.settings.Recorder.Flush(flushContext)
	ctx, stop := endBefore(ctx, i.margin)
	defer stop()
	if isSchedule(payload) {
		return i.handler.callSchedule(ctx)
	}
	e, err := readEvent(payload, i.handler.settings.BasePath)
	if err != nil {
		return nil, fmt.Errorf("read the event: %w", err)
	}
	plain, err := json.Marshal(plainEvent(e.method))
	if err != nil {
		return nil, fmt.Errorf("encode the event: %w", err)
	}
	response, err := i.kinds[e.kind].Invoke(context.WithValue(ctx, eventKey{}, e), plain)
	if err != nil {
		return nil, fmt.Errorf("read the event: %w", err)
	}
	return e.finish(response)
}

// endBefore returns a context that ends this long before the invocation.
func endBefore(invocation context.Context, margin time.Duration) (context.Context, context.CancelFunc) {
	deadline, ok := invocation.Deadline()
	if !ok {
		return context.WithCancel(invocation)
	}
	return context.WithDeadline(invocation, deadline.Add(-margin))
}

// plainEvent returns an event that algnhsa reads as one of each kind, with this method.
func plainEvent(method string) map[string]any {
	return map[string]any{
		"version": "2.0", "httpMethod": method, "path": "/", "rawPath": "/",
		"multiValueHeaders": map[string][]string{"-": {"-"}},
		"requestContext": map[string]any{
			"accountId": "-", "http": map[string]string{"method": method},
			"elb": map[string]string{"targetGroupArn": "-"},
		},
	}
}
