package store_test

import (
	"fmt"
	"testing"
	"time"

	"minifb/shared/store"
)

// BenchmarkHotPost lets concurrent users react to one post: through the merger, and each with a
// statement of its own, in turns. alone/merged, the ratio of the two times, is the figure to
// compare. It is greater on a server that flushes its log to disk.
func BenchmarkHotPost(b *testing.B) {
	for _, users := range []int{16, 128} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			f := newFixture(b, users)
			s, err := store.Open(f.url, "bench", min(users, 64))
			if err != nil {
				b.Fatal(err)
			}
			f.stores = append(f.stores, s)
			post := f.post(f.users[0])
			const each = 8
			elapsed := map[bool]time.Duration{}
			kind := 0
			for b.Loop() {
				kind = kind%5 + 1
				for _, merged := range []bool{true, false} {
					start := time.Now()
					concurrently(users, func(i int) {
						for n := range each {
							var err error
							if merged {
								_, _, err = s.PutPostReaction(b.Context(), f.users[i], post, (kind+n)%5+1)
							} else {
								err = s.PutPostReactionAlone(b.Context(), f.users[i], post, (kind+n)%5+1)
							}
							if err != nil {
								b.Error(err)
							}
						}
					})
					elapsed[merged] += time.Since(start)
				}
			}
			reactions := float64(b.N * users * each)
			b.ReportMetric(reactions/elapsed[true].Seconds(), "merged/s")
			b.ReportMetric(reactions/elapsed[false].Seconds(), "alone/s")
			b.ReportMetric(float64(elapsed[false])/float64(elapsed[true]), "alone/merged")
			f.checkInvariants()
		})
	}
}
