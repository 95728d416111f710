package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/testkit/areatest"
)

// BenchmarkFeedView serves the feed's first page to a viewer, from the request to the end of the response, without a
// network.
func BenchmarkFeedView(b *testing.B) {
	s := areatest.New(b, routes)
	ann := s.User("ann.1")
	s.Exec(`INSERT INTO posts (owner_uid, content)
		SELECT $1, repeat('The quick brown fox jumps. ', 6) FROM generate_series(1, 1000)`, ann.UID)
	h := function.NewHandler("post", routes, s.Deps, function.Settings{
		Origins: api.AllOrigins, Timeout: time.Minute, Log: slog.New(slog.DiscardHandler),
	})
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/post?size=20", nil)
	r.Header.Set("Authorization", "Bearer "+ann.Token)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
}
