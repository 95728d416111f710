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
