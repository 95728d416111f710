package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"minifb/shared/password"
	"minifb/shared/testkit/areatest"
)

// BenchmarkUnknownAndKnownIDs signs in with a wrong password, by turns to an account that exists and
// to one that does not, 200 times each. It reports the medians and what a listener could make of
// the difference: how often a pair of tries has the slower one on the known side (0.5: nothing).
func BenchmarkUnknownAndKnownIDs(b *testing.B) {
	const tries = 200
	for b.Loop() {
		s := areatest.New(b, routes)
		s.Deps.Passwords = password.New(100_000)
		s.URL = areatest.Serve(b, routes, s.Deps)
		s.User("known.1")
		var known, unknown [tries]time.Duration
		try := func(id string) time.Duration {
			start := time.Now()
			areatest.Do(b, s.URL, areatest.Step{Do: "POST /auth", Body: credentials(id, wrongPassword)})
			return time.Since(start)
		}
		slower := 0
		for i := range tries {
			if i%2 == 0 {
				known[i], unknown[i] = try("known.1"), try(fmt.Sprintf("unknown.%d", i))
			} else {
				unknown[i], known[i] = try(fmt.Sprintf("unknown.%d", i)), try("known.1")
			}
			if known[i] > unknown[i] {
				slower++
			}
		}
		slices.Sort(known[:])
		slices.Sort(unknown[:])
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		b.ReportMetric(ms(known[tries/2]), "known-ms")
		b.ReportMetric(ms(unknown[tries/2]), "unknown-ms")
		b.ReportMetric(float64(slower)/tries, "known-slower")
	}
}
