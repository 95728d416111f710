package stat

import (
	"math"
	"testing"
	"time"
)

// The middle of a bin is within 5 % of each time in it.
func TestBinsAreWithinFivePercent(t *testing.T) {
	t.Parallel()
	for d := 60 * time.Microsecond; d < 100*time.Second; d += d / 30 {
		ms := float64(d) / float64(time.Millisecond)
		if got := Milliseconds(bin(d) + 1); math.Abs(got-ms)/ms > 0.05 {
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
