package stat

import (
	"math"
	"testing"
	"time"
)

// A percentile is within 5 % of the true one.
func TestPercentileIsWithinFivePercent(t *testing.T) {
	t.Parallel()
	for d := 60 * time.Microsecond; d < 100*time.Second; d += d / 30 {
		var h Histogram
		h.add(bin(d), 1)
		ms := float64(d) / float64(time.Millisecond)
		if got := h.Percentile(0.5); math.Abs(got-ms)/ms > 0.05 {
			t.Errorf("%v is shown as %v ms", d, got)
		}
	}
	for d, want := range map[time.Duration]int{
		-1: 0, 0: 0, 50 * time.Microsecond: 0, 51 * time.Microsecond: 1,
		1000 * time.Second: bins - 1, math.MaxInt64: bins - 1,
	} {
		if got := bin(d); got != want {
			t.Errorf("%v is in bin %d, want %d", d, got, want)
		}
	}
}

func TestPercentileOfMergedHistograms(t *testing.T) {
	t.Parallel()
	var fast, slow, all Histogram
	for range 98 {
		fast.add(bin(time.Millisecond), 1)
	}
	slow.add(bin(time.Second), 2)
	all.Merge(fast)
	all.Merge(slow)
	if got := all.Total(); got != 100 {
		t.Errorf("the merged histogram has %d times, want 100", got)
	}
	for q, want := range map[float64]float64{0.5: 1, 0.98: 1, 0.99: 1000, 1: 1000} {
		if got := all.Percentile(q); math.Abs(got-want)/want > 0.05 {
			t.Errorf("percentile %v is %v ms, want %v", q, got, want)
		}
	}
}
