package store_test

import (
	"fmt"
	"testing"
	"time"

	"minifb/shared/store"
)

// The percentiles of a step are those of all its requests, and not an average of its parts'. They are
// the same in the inbox, half folded and folded.
func TestSeriesMergesHistograms(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 0)
	at := time.Now().Truncate(store.LongRequestStep)
	for i, times := range [][]int64{{0, 98}, {0, 0, 0, 0, 0, 0, 0, 2}, {0, 100}} {
		var n int64
		for _, inBin := range times {
			n += inBin
		}
		b := store.RequestBatch{
			At: at.Add(time.Duration(i) * store.RequestStep), Times: times,
			Counts: map[store.Endpoint]int64{{Method: "GET", Path: "/post", Status: 499 + i}: n},
		}
		if _, err := f.store.AddRequests(t.Context(), fmt.Sprint(i), 0, 1, b); err != nil {
			t.Fatal(err)
		}
	}
	unmeasured := store.RequestBatch{
		At:     at.Add(-store.LongRequestStep),
		Counts: map[store.Endpoint]int64{{Method: "*", Path: "other", Status: 400}: 1},
	}
	if _, err := f.store.AddRequests(t.Context(), "unmeasured", 0, 1, unmeasured); err != nil {
		t.Fatal(err)
	}
	for folded := range 5 {
		series, err := f.store.RequestSeries(t.Context(), unmeasured.At, store.LongRequestStep)
		want := store.RequestTimes{At: at, Requests: 200, Errors: 102, P50: 2, P99: 2}
		if err != nil || len(series) != 1 || !series[0].At.Equal(at) {
			t.Fatalf("%d folded: %+v, %v", folded, series, err)
		}
		if series[0].At = at; series[0] != want {
			t.Errorf("%d folded: %+v, want %+v", folded, series[0], want)
		}
		if _, err := f.store.FoldRequests(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
	}
	for fraction, want := range map[string]int{"0.5": 2, "0.98": 2, "0.99": 2, "0.991": 8, "1": 8} {
		if got := f.int(`SELECT percentile_bin('{0,198,0,0,0,0,0,2}', $1::numeric)`, fraction); got != want {
			t.Errorf("percentile %s is in bin %d, want %d", fraction, got, want)
		}
	}
}

// PostgreSQL computes the percentiles of folded steps, and the store those of waiting ones, by the same
// rule.
func TestPercentilesAreTheSameWaitingAndFolded(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 0)
	at := time.Now().Truncate(store.LongRequestStep).Add(-time.Hour)
	var want []store.RequestTimes
	for i, times := range [][]int64{{1}, {1, 1}, {1, 1, 1}, {3, 0, 0, 1}, {0, 99, 1}, {0, 98, 2}, {0, 0, 199, 1}} {
		step := at.Add(time.Duration(i) * store.LongRequestStep)
		counts := map[store.Endpoint]int64{{Method: "GET", Path: "/post", Status: 200}: 1}
		b := store.RequestBatch{At: step, Counts: counts, Times: times}
		if _, err := f.store.AddRequests(t.Context(), fmt.Sprint(i), 0, 1, b); err != nil {
			t.Fatal(err)
		}
	}
	for folded := range 2 {
		got, err := f.store.RequestSeries(t.Context(), at, store.LongRequestStep)
		if err != nil || len(got) != 7 {
			t.Fatalf("%d steps, %v", len(got), err)
		}
		if folded == 0 {
			want = got
		}
		for i := range want {
			if got[i].P50 != want[i].P50 || got[i].P99 != want[i].P99 {
				t.Errorf("folded %+v, waiting %+v", got[i], want[i])
			}
		}
		if _, err := f.store.FoldRequests(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
	}
}

// Steps are summed over minutes and hours, and no step counts twice where a sum begins.
func TestRequestCountsCountEachStepOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 0)
	hour := time.Now().Truncate(time.Hour)
	var times []time.Time
	for _, ago := range []time.Duration{65 * time.Minute, 10 * time.Minute, 5 * time.Minute, 10 * time.Second, 0} {
		times = append(times, hour.Add(-ago), hour.Add(-ago).Add(store.RequestStep))
	}
	for i, at := range times {
		b := store.RequestBatch{
			At: at, Times: []int64{1}, Counts: map[store.Endpoint]int64{{Method: "GET", Path: "/post", Status: 200}: 1},
		}
		if _, err := f.store.AddRequests(t.Context(), fmt.Sprint(i), 0, 1, b); err != nil {
			t.Fatal(err)
		}
	}
	for _, state := range []string{"waiting", "folded"} {
		for _, from := range times {
			var want int64
			for _, at := range times {
				if !at.Before(from) {
					want++
				}
			}
			counts, err := f.store.RequestCounts(t.Context(), from, hour.Add(time.Hour))
			if err != nil || len(counts) != 1 || counts[0].N != want {
				t.Errorf("%s, from %v on: %+v, %v, want %d requests", state, from, counts, err, want)
			}
		}
		if _, err := f.store.FoldRequests(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
	}
}
