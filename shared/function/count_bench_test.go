package function

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"minifb/shared/api"
	"minifb/shared/stat"
	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

// BenchmarkCounting reports what counting costs the cheapest route, which does nothing, with eight
// clients: the time without counting in relation to that with it, in alternating rounds.
func BenchmarkCounting(b *testing.B) {
	s, err := store.Open(testdb.URL(b), "test", 1)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	log := slog.New(slog.DiscardHandler)
	recorder := stat.NewRecorder(s, log)
	b.Cleanup(recorder.Start())
	routes := func(a *api.API, _ Deps) { a.Handle("GET /thing/{id}", healthy) }
	var urls [2]string
	for i, r := range []*stat.Recorder{nil, recorder} {
		settings := Settings{Timeout: time.Minute, Log: log, Recorder: r}
		server := httptest.NewServer(NewHandler("test", routes, Deps{}, settings))
		b.Cleanup(server.Close)
		urls[i] = server.URL + "/thing/1"
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	var took [2]time.Duration
	for round := 0; b.Loop(); round++ {
		for _, i := range [][]int{{0, 1}, {1, 0}}[round%2] {
			begun := time.Now()
			var clients sync.WaitGroup
			for range 8 {
				clients.Go(func() {
					for range 50 {
						response, err := client.Get(urls[i])
						if err != nil {
							b.Error(err)
							return
						}
						_, _ = io.Copy(io.Discard, response.Body)
						_ = response.Body.Close()
					}
				})
			}
			clients.Wait()
			took[i] += time.Since(begun)
		}
	}
	b.ReportMetric(float64(took[0])/float64(took[1]), "of-the-throughput")
}
