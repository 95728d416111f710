package function

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"minifb/shared/feed"
	"minifb/shared/testkit/testdb"
)

// accept is a receiver of all feeds that takes everything.
func accept(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender has gone
	}
	if strings.HasSuffix(r.URL.Path, "/_bulk") {
		documents := bytes.Count(body, []byte("\n")) / 2
		item := strings.Repeat(`{"create":{"status":201}},`, documents)
		_, _ = io.WriteString(w, `{"items":[`+strings.TrimSuffix(item, ",")+`]}`)
	}
}

// BenchmarkFeeds measures requests that read the database, by eight clients, to handlers that differ in
// their feeds only. They get their requests in turn, so that all see the same machine.
func BenchmarkFeeds(b *testing.B) {
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer hanging.Close()
	defer close(release)
	taking := httptest.NewServer(http.HandlerFunc(accept))
	defer taking.Close()
	all := func(address string) feed.Settings {
		return feed.Settings{
			InfluxURL: address + "/?db=minifb", ElasticURL: address + "/minifb", OTLPURL: address + "/?ratio=0.1",
		}
	}
	type trial struct {
		name     string
		settings feed.Settings
		handler  *Handler
		p50, p99 []time.Duration // of each round
		requests int
		total    time.Duration
	}
	trials := []*trial{
		{name: "none"},
		{name: "metrics", settings: feed.Settings{Metrics: true}},
		{name: "influx", settings: feed.Settings{InfluxURL: all(taking.URL).InfluxURL}},
		{name: "elastic", settings: feed.Settings{ElasticURL: all(taking.URL).ElasticURL}},
		{name: "otlp", settings: feed.Settings{OTLPURL: all(taking.URL).OTLPURL}},
		{name: "all", settings: all(taking.URL)},
		{name: "hanging", settings: all(hanging.URL)},
		{name: "none-again"}, // what differs from none is noise
	}
	url := testdb.URL(b)
	for _, trial := range trials {
		handler, feeds := feedHandler(b, url, trial.settings)
		defer feeds.Close()
		trial.handler = handler
		load(handler) // opens its connections
	}
	for round := 0; b.Loop(); round++ {
		for n := range trials {
			trial := trials[(round+n)%len(trials)]
			begun := time.Now()
			took := load(trial.handler)
			trial.total += time.Since(begun)
			trial.requests += len(took)
			slices.Sort(took)
			trial.p50 = append(trial.p50, took[len(took)/2])
			trial.p99 = append(trial.p99, took[len(took)*99/100])
		}
	}
	median := func(all []time.Duration) float64 { // in milliseconds
		slices.Sort(all)
		return float64(all[len(all)/2].Microseconds()) / 1000
	}
	for _, trial := range trials {
		b.ReportMetric(median(trial.p50), trial.name+"-p50-ms")
		b.ReportMetric(median(trial.p99), trial.name+"-p99-ms")
		b.ReportMetric(float64(trial.requests)/trial.total.Seconds(), trial.name+"-per-s")
	}
}

// load sends requests by eight clients, and returns how long each took.
func load(h *Handler) (took []time.Duration) {
	const clients, requests = 8, 100
	took = make([]time.Duration, clients*requests)
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for i := range requests {
				begun := time.Now()
				call(h, http.MethodGet, "/user/someone")
				took[client*requests+i] = time.Since(begun)
			}
		})
	}
	all.Wait()
	return took
}
