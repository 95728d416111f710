package store_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

// BenchmarkFeed reads the feed's first 20 posts with the store's cached statement and with bun's
// formatted one, in turns. formatted/prepared, the ratio of the two times, is the figure to
// compare.
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
	readPrepared := func() ([]store.Post, error) {
		list, err := s.Posts(b.Context(), most, store.Page{Size: 20})
		return list.Items, err
	}
	readFormatted := func() ([]store.Post, error) { return s.FeedFormatted(b.Context(), most, 20) }
	prepared, err := readPrepared()
	if err != nil {
		b.Fatal(err)
	}
	if formatted, err := readFormatted(); err != nil || !reflect.DeepEqual(prepared, formatted) {
		b.Fatalf("the two results differ, or failed: %v", err)
	}
	elapsed := map[bool]time.Duration{}
	for b.Loop() {
		for isPrepared, read := range map[bool]func() ([]store.Post, error){true: readPrepared, false: readFormatted} {
			start := time.Now()
			if _, err := read(); err != nil {
				b.Fatal(err)
			}
			elapsed[isPrepared] += time.Since(start)
		}
	}
	b.ReportMetric(float64(elapsed[true].Nanoseconds())/float64(b.N), "prepared-ns")
	b.ReportMetric(float64(elapsed[false].Nanoseconds())/float64(b.N), "formatted-ns")
	b.ReportMetric(float64(elapsed[false])/float64(elapsed[true]), "formatted/prepared")
}

// BenchmarkSharedFeed lets concurrent viewers read the feed's first page: with those who wait sharing
// a read, and each with a read of its own, in turns. alone/shared, the ratio of the two times, is the
// figure to compare.
func BenchmarkSharedFeed(b *testing.B) {
	url := testdb.URL(b)
	if _, err := testdb.Open(b, url).Exec(fill); err != nil {
		b.Fatal(err)
	}
	for _, viewers := range []int{1, 2, 16, 128} {
		b.Run(fmt.Sprintf("viewers=%d", viewers), func(b *testing.B) {
			s, err := store.Open(url, "bench", 10)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			const each = 8
			elapsed := map[bool]time.Duration{}
			for b.Loop() {
				for _, shared := range []bool{true, false} {
					start := time.Now()
					concurrently(viewers, func(i int) {
						for range each {
							var err error
							if shared {
								_, err = s.Posts(b.Context(), int64(1+i), store.Page{Size: 20})
							} else {
								_, err = s.PostsAlone(b.Context(), int64(1+i), 20)
							}
							if err != nil {
								b.Error(err)
							}
						}
					})
					elapsed[shared] += time.Since(start)
				}
			}
			reads := float64(b.N * viewers * each)
			b.ReportMetric(reads/elapsed[true].Seconds(), "shared/s")
			b.ReportMetric(reads/elapsed[false].Seconds(), "alone/s")
			b.ReportMetric(float64(elapsed[false])/float64(elapsed[true]), "alone/shared")
		})
	}
}
