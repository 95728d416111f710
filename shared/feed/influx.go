package feed

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	influxhttp "github.com/influxdata/influxdb-client-go/v2/api/http"
	"github.com/influxdata/influxdb-client-go/v2/api/write"
)

// An influx sends a point for each request to InfluxDB 1 or 2. The client's own writer knows only
// the route of InfluxDB 1.8 and later; its encoder and its transport serve all versions.
type influx struct {
	service influxhttp.Service
	url     string
	tags    map[string]string // of every point
}

func newInflux(value, area, host string) (*influx, error) {
	r, err := parseInflux(value)
	if err != nil {
		return nil, err
	}
	var authorization string
	switch {
	case r.query.Has("org"):
		authorization = "Token " + r.user
	case r.user != "":
		authorization = r.basic()
	}
	options := influxhttp.DefaultOptions().SetHTTPClient(newClient()).SetApplicationName("minifb")
	r.url.RawQuery = r.query.Encode()
	return &influx{
		service: influxhttp.NewService(r.url.Host, authorization, options), url: r.url.String(),
		tags: map[string]string{"function": area, "host": host},
	}, nil
}

// send sends one batch. A batch that is sent twice is stored once: a point replaces that of the same
// time and tags.
func (i *influx) send(ctx context.Context, batch []*Request) outcome[*Request] {
	var lines strings.Builder
	for _, r := range batch {
		point := write.NewPoint("requests", i.tags, map[string]any{
			"duration_ms": float64(r.Duration.Microseconds()) / 1000, "bytes": int64(r.Bytes),
		}, r.Ended)
		point.AddTag("method", r.Method).AddTag("route", r.Route).AddTag("status", strconv.Itoa(r.Status)).SortTags()
		write.PointToLineProtocolBuffer(point, &lines, time.Nanosecond)
	}
	text := func(r *http.Request) { r.Header.Set("Content-Type", "text/plain; charset=utf-8") }
	done := func(r *http.Response) error { return r.Body.Close() }
	failure := i.service.DoPostRequest(ctx, i.url, strings.NewReader(lines.String()), text, done)
	if failure == nil {
		return outcome[*Request]{sent: len(batch)}
	}
	o := outcome[*Request]{err: failure, after: retryAfter(failure.Header)}
	if mayPass(failure.StatusCode) {
		o.again = batch
	}
	return o
}
