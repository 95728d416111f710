package store_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

// BenchmarkFeed reads the feed's first 20 posts as the store does, prepared, and as bun would, formatted, by turns. The
// figure that counts is how many times longer the latter takes.
func BenchmarkFeed(b *testing.B) {
	url := testdb.URL(b)
	if _, err := testdb.Open(b, url).Exec(fill); err != nil {
		b.Fatal(err)
	}
	s, err := store.Open(url, "bench", 1)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	page := store.Page{Size: 20}
	prepared, err := s.Posts(b.Context(), most, page)
	if err != nil {
		b.Fatal(err)
	}
	formatted, err := s.PostsFormatted(b.Context(), most, page)
	if err != nil || !reflect.DeepEqual(prepared, formatted) {
		b.Fatalf("the two differ, %v", err)
	}
	took := map[bool]time.Duration{}
	for b.Loop() {
		for ours, read := range map[bool]func(context.Context, int64, store.Page) (store.List[store.Post], error){true: s.Posts, false: s.PostsFormatted} {
			start := time.Now()
			if _, err := read(b.Context(), most, page); err != nil {
				b.Fatal(err)
			}
			took[ours] += time.Since(start)
		}
	}
	b.ReportMetric(float64(took[true].Nanoseconds())/float64(b.N), "prepared-ns")
	b.ReportMetric(float64(took[false].Nanoseconds())/float64(b.N), "formatted-ns")
	b.ReportMetric(float64(took[false])/float64(took[true]), "formatted/prepared")
}
