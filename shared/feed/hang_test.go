package feed_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"minifb/shared/api"
	"minifb/shared/feed"
	"minifb/shared/function"
	"minifb/shared/password"
	"minifb/shared/store"
)

func routes(a *api.API, _ function.Deps) {
	a.Handle("GET /thing", func(http.ResponseWriter, *http.Request) {})
}

// Receivers that hang block no request, and not the end of the process. What their queues cannot hold is
// dropped, and counted.
func TestRequestsGoOnWhileReceiversHang(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		<-release
		w.WriteHeader(http.StatusBadRequest)
	}))
	defer server.Close()
	defer close(release)
	log := slog.New(slog.DiscardHandler)
	feeds, err := feed.New(feed.Settings{
		Metrics: true, InfluxURL: server.URL + "/?db=minifb", ElasticURL: server.URL + "/minifb",
		OTLPURL: server.URL + "/?ratio=1",
	}, "test", log)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open("postgres://minifb@127.0.0.1:1/minifb", "test", 1) // port 1 is closed
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	h := function.NewHandler("test", routes, function.Deps{Store: db, Passwords: password.New(10)},
		function.Settings{Timeout: time.Minute, Log: log, Feeds: feeds})
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	count := func(feed, what string) (n int) {
		t.Helper()
		line := "minifb_feed_" + what + `_total{feed="` + feed + `",function="test"} `
		_, rest, _ := strings.Cut(get("/metrics").Body.String(), line)
		text, _, _ := strings.Cut(rest, "\n")
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Errorf("%s %s: %v", feed, what, err)
		}
		return n
	}

	const n = 9_000 // more than a queue and the batch on its way
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for range n / 4 {
				if got := get("/thing").Code; got != http.StatusOK {
					t.Errorf("status %d", got)
				}
			}
		})
	}
	clients.Wait() // the receivers still hang
	names := []string{"influx", "elastic", "otlp"}
	for _, name := range names {
		if dropped, sent := count(name, "dropped"), count(name, "sent"); dropped < 1 || dropped > n || sent != 0 {
			t.Errorf("%s has dropped %d and sent %d of %d", name, dropped, sent, n)
		}
	}
	feeds.Close() // they still hang
	for _, name := range names {
		if dropped := count(name, "dropped"); dropped != n {
			t.Errorf("%s has dropped %d of %d at the end", name, dropped, n)
		}
	}
}
