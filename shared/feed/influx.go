package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/influxdata/line-protocol/v2/lineprotocol"
)

// An influx sends a point for each request to InfluxDB 1 or 2. InfluxData's encoder writes the points;
// its client would add a tenth to the time that minifb takes to compile, and knows only InfluxDB 1.8
// and later.
type influx struct {
	client             *http.Client
	url, authorization string
	area, host         string // tags of every point
}

func newInflux(value, area, host string) (*influx, error) {
	r, err := parseInflux(value)
	if err != nil {
		return nil, err
	}
	i := &influx{client: newClient(), area: area, host: host}
	switch {
	case r.query.Has("org"):
		i.authorization = "Token " + r.user
	case r.user != "":
		i.authorization = r.basic()
	}
	r.url.RawQuery = r.query.Encode()
	i.url = r.url.String()
	return i, nil
}

// send sends one batch. A batch that is sent twice is stored once: a point replaces that of the same
// time and tags.
func (i *influx) send(ctx context.Context, batch []*Request) outcome[*Request] {
	lines, err := i.encode(batch)
	if err != nil {
		return outcome[*Request]{err: err}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, i.url, bytes.NewReader(lines))
	if err != nil {
		return outcome[*Request]{err: err}
	}
	request.Header.Set("Content-Type", "text/plain; charset=utf-8")
	if i.authorization != "" {
		request.Header.Set("Authorization", i.authorization)
	}
	response, err := i.client.Do(request)
	if err != nil {
		return outcome[*Request]{err: err, again: batch}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if response.StatusCode < http.StatusMultipleChoices {
		return outcome[*Request]{sent: len(batch)}
	}
	o := outcome[*Request]{after: retryAfter(response.Header)}
	o.err = errors.Join(fmt.Errorf("%s: %s", response.Status, text), err)
	if mayPass(response.StatusCode) {
		o.again = batch
	}
	return o
}

// encode returns the batch in the line protocol. Its tags are in the order of their names.
func (i *influx) encode(batch []*Request) ([]byte, error) {
	var lines lineprotocol.Encoder
	for _, r := range batch {
		lines.StartLine("requests")
		lines.AddTag("function", i.area)
		lines.AddTag("host", i.host)
		lines.AddTag("method", r.Method)
		lines.AddTag("route", r.Route)
		lines.AddTag("status", strconv.Itoa(r.Status))
		lines.AddField("bytes", lineprotocol.IntValue(int64(r.Bytes)))
		duration, _ := lineprotocol.FloatValue(float64(r.Duration.Microseconds()) / 1000) // it is finite
		lines.AddField("duration_ms", duration)
		lines.EndLine(r.Ended)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("encode a point: %w", err)
	}
	return lines.Bytes(), nil
}
