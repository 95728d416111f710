package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

// BenchmarkFeed reads the feed's first 20 posts with rows that pgx scans and with rows that bun scans, in turns.
// bun/native, the ratio of the two times, is the figure to compare.
func BenchmarkFeed(b *testing.B) {
	url := testdb.URL(b)
	if _, err := testdb.Open(b, url).Exec(fill(2)); err != nil {
		b.Fatal(err)
	}
	s, err := store.Open(url, "bench", 1)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	read := map[bool]func() ([]store.Post, error){
		true: func() ([]store.Post, error) {
			list, err := s.Posts(b.Context(), most, store.Page{Size: 20})
			return list.Items, err
		},
		false: func() ([]store.Post, error) { return s.FeedThroughBun(b.Context(), most, 20) },
	}
	elapsed := map[bool]time.Duration{}
	for b.Loop() {
		for native, read := range read {
			start := time.Now()
			if _, err := read(); err != nil {
				b.Fatal(err)
			}
			elapsed[native] += time.Since(start)
		}
	}
	b.ReportMetric(float64(elapsed[true].Nanoseconds())/float64(b.N), "native-ns")
	b.ReportMetric(float64(elapsed[false].Nanoseconds())/float64(b.N), "bun-ns")
	b.ReportMetric(float64(elapsed[false])/float64(elapsed[true]), "bun/native")
}

// BenchmarkSharedFeed lets concurrent viewers read the feed's first page: with those who wait sharing
// a read, and each with a read of its own, in turns. alone/shared, the ratio of the two times, is the
// figure to compare. With writes, another connection commits without a pause, so that no page stays current.
func BenchmarkSharedFeed(b *testing.B) {
	url := testdb.URL(b)
	db := testdb.Open(b, url)
	if _, err := db.Exec(fill(2)); err != nil {
		b.Fatal(err)
	}
	for _, viewers := range []int{1, 2, 16, 128} {
		b.Run(fmt.Sprintf("viewers=%d", viewers), func(b *testing.B) { readTogether(b, url, viewers) })
		b.Run(fmt.Sprintf("viewers=%d,writes", viewers), func(b *testing.B) {
			ctx, stop := context.WithCancel(b.Context())
			var writer sync.WaitGroup
			writer.Go(func() {
				for ctx.Err() == nil {
					if _, err := db.Exec(`UPDATE users SET intro = intro WHERE uid = 1`); err != nil {
						b.Error(err)
					}
				}
			})
			readTogether(b, url, viewers)
			stop()
			writer.Wait()
		})
	}
}

func readTogether(b *testing.B, url string, viewers int) {
	b.Helper()
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
}
