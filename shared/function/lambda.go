package function

import (
	"context"
	"fmt"
	"time"

	"github.com/akrylysov/algnhsa"
	"github.com/aws/aws-lambda-go/lambda"
)

// deadlineMargin is kept of an invocation's time for the 504 to go out before Lambda ends it without a word.
const deadlineMargin = 500 * time.Millisecond

// serveLambda answers invocations until ctx ends. It registers for SIGTERM, so that Lambda lets the caller close the
// database's connections before it takes the process away.
func serveLambda(ctx context.Context, h *Handler) {
	go lambda.StartWithOptions(newInvoker(h), lambda.WithEnableSIGTERM())
	<-ctx.Done()
}

// An invoker answers one invocation at a time by a Handler. algnhsa stands between the two; what it would misread is kept from it
// on the way in (lambda_event.go) and mended on the way out (lambda_mend.go), so that the handler sees what an HTTP server would give it.
type invoker map[algnhsa.RequestType]lambda.Handler

func newInvoker(h *Handler) invoker {
	i := invoker{}
	for _, kind := range []algnhsa.RequestType{algnhsa.RequestTypeAPIGatewayV1, algnhsa.RequestTypeAPIGatewayV2, algnhsa.RequestTypeALB} {
		i[kind] = algnhsa.New(mended{h}, &algnhsa.Options{RequestType: kind})
	}
	return i
}

type eventKey struct{}

// Invoke answers one event. Its error is a fault of whoever sent the event, as no HTTP request leads to one.
func (i invoker) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	e, err := readEvent(payload)
	if err != nil {
		return nil, fmt.Errorf("read the event: %w", err)
	}
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-deadlineMargin))
		defer cancel()
	}
	answer, err := i[e.kind].Invoke(context.WithValue(ctx, eventKey{}, e), e.payload)
	if err != nil {
		return nil, fmt.Errorf("read the event: %w", err)
	}
	return e.finish(answer)
}
