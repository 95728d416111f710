package store_test

import (
	"fmt"
	"testing"
	"time"

	"minifb/shared/store"
)

// BenchmarkHotPost lets so many users react to one post at once, merged and each by a statement of its own, by turns. The
// figure that counts is how many times longer the latter takes. It tells more on a server that flushes to disk.
func BenchmarkHotPost(b *testing.B) {
	for _, users := range []int{16, 128} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			c := gather(b, users)
			s, err := store.Open(c.url, "bench", min(users, 64))
			if err != nil {
				b.Fatal(err)
			}
			c.stores = append(c.stores, s)
			post := c.post(c.users[0])
			const each = 8
			took := map[bool]time.Duration{}
			kind := 0
			for b.Loop() {
				kind = kind%5 + 1
				for _, merged := range []bool{true, false} {
					start := time.Now()
					all(users, func(i int) {
						for n := range each {
							var err error
							if merged {
								_, _, err = s.PutPostReaction(b.Context(), c.users[i], post, (kind+n)%5+1)
							} else {
								err = s.PutPostReactionAlone(b.Context(), c.users[i], post, (kind+n)%5+1)
							}
							if err != nil {
								b.Error(err)
							}
						}
					})
					took[merged] += time.Since(start)
				}
			}
			reactions := float64(b.N * users * each)
			b.ReportMetric(reactions/took[true].Seconds(), "merged/s")
			b.ReportMetric(reactions/took[false].Seconds(), "alone/s")
			b.ReportMetric(float64(took[false])/float64(took[true]), "alone/merged")
			c.settle()
		})
	}
}
