package feed

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// An otlp sends spans to a receiver of OpenTelemetry's protocol, as protobuf over HTTP. It is a client
// of the package otlptrace, whose own client for HTTP needs gRPC: 6 MB of memory in every function.
type otlp struct {
	client        *http.Client
	url           string
	authorization string
}

// spans makes a span for each request that is sampled.
type spans struct {
	tracer   trace.Tracer
	provider *sdktrace.TracerProvider
}

func newOTLP(value string) (o *otlp, ratio float64, err error) {
	r, err := parseOTLP(value)
	if err != nil {
		return nil, 0, err
	}
	o = &otlp{client: newClient(), url: r.url.String()}
	switch {
	case r.password != "":
		o.authorization = r.basic()
	case r.user != "":
		o.authorization = "Bearer " + r.user
	}
	return o, r.ratio(), nil
}

// newSpans returns spans that go into the queue when they end.
func newSpans(q *queue[sdktrace.ReadOnlySpan], ratio float64, area, host string) *spans {
	every := sampler{ratio}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSpanProcessor(processor{q}),
		sdktrace.WithSampler(sdktrace.ParentBased(every,
			sdktrace.WithRemoteParentSampled(every), sdktrace.WithRemoteParentNotSampled(every))),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "minifb-"+area), attribute.String("host.name", host))),
	)
	return &spans{tracer: provider.Tracer("minifb"), provider: provider}
}

// A sampler samples this part of the requests. It decides by itself: clients choose their trace ids
// and flags, and would have all of their requests traced.
type sampler struct{ ratio float64 }

func (s sampler) Description() string { return fmt.Sprintf("%g of the requests", s.ratio) }

func (s sampler) ShouldSample(sdktrace.SamplingParameters) sdktrace.SamplingResult {
	if rand.Float64() < s.ratio { //nolint:gosec // no secret depends on it
		return sdktrace.SamplingResult{Decision: sdktrace.RecordAndSample}
	}
	return sdktrace.SamplingResult{Decision: sdktrace.Drop}
}

// A processor puts spans that have ended into a queue.
type processor struct{ queue *queue[sdktrace.ReadOnlySpan] }

func (p processor) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (p processor) OnEnd(s sdktrace.ReadOnlySpan)                   { p.queue.add(s) }
func (p processor) Shutdown(context.Context) error                  { return nil }
func (p processor) ForceFlush(context.Context) error                { return nil }

// begin starts the span of a request. It continues the trace that the client's traceparent names.
// The client's tracestate, which may be long, is left out.
func (s *spans) begin(ctx context.Context, header http.Header) context.Context {
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(header))
	if parent := trace.SpanContextFromContext(ctx); parent.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, parent.WithTraceState(trace.TraceState{}))
	}
	ctx, _ = s.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
	return ctx
}

// end ends the span of a request, and notes its trace in the request if it is sampled.
func (s *spans) end(ctx context.Context, r *Request) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	r.traceID = span.SpanContext().TraceID().String()
	span.SetName(r.Method + " " + r.Route)
	span.SetAttributes(
		attribute.String("http.request.method", r.Method), attribute.String("http.route", r.Route),
		attribute.Int("http.response.status_code", r.Status), attribute.Int("http.response.body.size", r.Bytes),
		attribute.String("http.request.id", r.ID),
	)
	if r.Status >= http.StatusInternalServerError || r.Error != "" {
		span.SetStatus(codes.Error, r.Error)
	}
	span.End(trace.WithTimestamp(r.Ended))
}

// A call is one request to the receiver, as a client of package otlptrace.
type call struct {
	*otlp
	status   int // 0 without a response
	after    time.Duration
	rejected int64
	reason   string // why spans were rejected
}

// Start does nothing: the exporter demands it.
func (c *call) Start(context.Context) error { return nil }

// Stop does nothing: the exporter demands it.
func (c *call) Stop(context.Context) error { return nil }

// UploadTraces sends the request.
func (c *call) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	// These are the bytes of an ExportTraceServiceRequest too. Its package needs gRPC.
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		c.status = http.StatusBadRequest // it fails again each time
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	if c.authorization != "" {
		request.Header.Set("Authorization", c.authorization)
	}
	response, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	c.status, c.after = response.StatusCode, retryAfter(response.Header)
	content, err := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %q", response.StatusCode, content)
	}
	if err != nil {
		return err
	}
	c.rejected, c.reason = partialSuccess(content)
	return nil
}

// partialSuccess returns the number of spans that an ExportTraceServiceResponse rejects, and why. A
// malformed response rejects none.
func partialSuccess(response []byte) (rejected int64, reason string) {
	eachField(response, func(number protowire.Number, _ uint64, part []byte) {
		if number == 1 { // partial_success
			eachField(part, func(number protowire.Number, value uint64, text []byte) {
				switch number {
				case 1: // rejected_spans
					rejected = max(0, int64(min(value, math.MaxInt64)))
				case 2: // error_message
					reason = string(text)
				}
			})
		}
	})
	return rejected, reason
}

// eachField calls f for each field of a protobuf message that is a number or bytes, up to the first
// that is malformed.
func eachField(message []byte, f func(number protowire.Number, value uint64, content []byte)) {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return
		}
		message = message[n:]
		var value uint64
		var content []byte
		switch kind {
		case protowire.VarintType:
			value, n = protowire.ConsumeVarint(message)
		case protowire.BytesType:
			content, n = protowire.ConsumeBytes(message)
		default:
			n = protowire.ConsumeFieldValue(number, kind, message)
		}
		if n < 0 {
			return
		}
		f(number, value, content)
		message = message[n:]
	}
}

// send sends one batch of spans.
func (o *otlp) send(ctx context.Context, batch []sdktrace.ReadOnlySpan) (out outcome[sdktrace.ReadOnlySpan]) {
	call := &call{otlp: o}
	if err := otlptrace.NewUnstarted(call).ExportSpans(ctx, batch); err != nil {
		out.err, out.after = err, call.after
		if mayPass(call.status) {
			out.again = batch
		}
		return out
	}
	rejected := min(int(call.rejected), len(batch))
	if rejected > 0 {
		out.err = fmt.Errorf("the receiver has rejected %d spans: %s", rejected, call.reason)
	}
	out.sent = len(batch) - rejected
	return out
}
