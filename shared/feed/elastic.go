package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
)

// An elastic sends a document for each request to Elasticsearch.
type elastic struct {
	transport *elastictransport.Client
	index     string
	area      string
	host      string
	process   string // makes the documents' ids unique among processes
}

// A document is the access log's line of a request, with the names of Elastic's common schema. It
// has the route instead of the path, and nothing about the client.
type document struct {
	Timestamp time.Time `json:"@timestamp"`
	Service   string    `json:"service.name"`
	Host      string    `json:"host.name"`
	Level     string    `json:"log.level"`
	Method    string    `json:"http.request.method"`
	Route     string    `json:"http.route"`
	RequestID string    `json:"http.request.id"`
	Status    int       `json:"http.response.status_code"`
	Bytes     int       `json:"http.response.body.bytes"`
	Duration  int64     `json:"event.duration"` // nanoseconds
	TraceID   string    `json:"trace.id,omitempty"`
	Error     string    `json:"error.message,omitempty"`
}

func newElastic(value, area, host, process string) (*elastic, error) {
	r, err := parseElastic(value)
	if err != nil {
		return nil, err
	}
	index := r.url.Path
	r.url.Path = ""
	options := []elastictransport.Option{
		elastictransport.WithURLs(&r.url), elastictransport.WithTransport(newClient().Transport),
		elastictransport.WithDisableRetry(), // the queue tries again
	}
	switch {
	case r.password != "":
		options = append(options, elastictransport.WithBasicAuth(r.user, r.password))
	case r.user != "":
		options = append(options, elastictransport.WithAPIKey(r.user))
	}
	transport, err := elastictransport.NewClient(options...)
	if err != nil {
		return nil, err
	}
	return &elastic{transport, url.PathEscape(index), area, host, process}, nil
}

// send sends one batch. A document that is sent twice is stored once: its id says which it is, and
// the second is refused.
func (e *elastic) send(ctx context.Context, batch []*Request) outcome[*Request] {
	body, err := e.encode(batch)
	if err != nil {
		return outcome[*Request]{err: err}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost,
		"/"+e.index+"/_bulk?filter_path=items.*.status,items.*.error.reason", body)
	if err != nil {
		return outcome[*Request]{err: err}
	}
	request.Header.Set("Content-Type", "application/x-ndjson")
	response, err := e.transport.Perform(request) // adds the server and the credentials
	if err != nil {
		return outcome[*Request]{again: batch, err: err}
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	switch {
	case response.StatusCode == http.StatusOK && err == nil:
		return settle(batch, content)
	case response.StatusCode != http.StatusOK:
		err = fmt.Errorf("status %d: %s", response.StatusCode, content)
	}
	o := outcome[*Request]{err: err, after: retryAfter(response.Header)}
	if mayPass(response.StatusCode) {
		o.again = batch
	}
	return o
}

// encode returns the lines of a bulk request: for each document its action, and itself.
func (e *elastic) encode(batch []*Request) (io.Reader, error) {
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for _, r := range batch {
		level := "info"
		if r.Error != "" {
			level = "error"
		}
		id := e.process + "-" + strconv.FormatInt(r.Ended.UnixNano(), 36)
		for _, line := range []any{
			map[string]any{"create": map[string]string{"_id": id}},
			document{
				Timestamp: r.Ended.UTC(), Service: "minifb-" + e.area, Host: e.host, Level: level,
				Method: r.Method, Route: r.Route, RequestID: r.ID, Status: r.Status, Bytes: r.Bytes,
				Duration: r.Duration.Nanoseconds(), TraceID: r.traceID, Error: r.Error,
			},
		} {
			if err := encoder.Encode(line); err != nil {
				return nil, fmt.Errorf("encode a document: %w", err)
			}
		}
	}
	return &lines, nil
}

// settle reads what Elasticsearch says of each document.
func settle(batch []*Request, content []byte) outcome[*Request] {
	var response struct {
		Items []map[string]struct {
			Status int
			Error  struct{ Reason string }
		}
	}
	if err := json.Unmarshal(content, &response); err != nil {
		return outcome[*Request]{err: fmt.Errorf("read the response: %w", err)}
	}
	if len(response.Items) != len(batch) {
		return outcome[*Request]{err: errors.New("the response has another number of items than the request")}
	}
	var o outcome[*Request]
	for i, item := range response.Items {
		result := item["create"]
		switch {
		case result.Status == http.StatusCreated, result.Status == http.StatusConflict: // a conflict with itself
			o.sent++
			continue
		case result.Status != 0 && mayPass(result.Status):
			o.again = append(o.again, batch[i])
		}
		o.err = fmt.Errorf("a document: status %d: %s", result.Status, result.Error.Reason)
	}
	return o
}
