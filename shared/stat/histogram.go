// Package stat counts requests and their times in memory, and stores them in small batches.
package stat

import (
	"math"
	"time"
)

// The bins of a histogram of times. Bin 0 holds times up to shortest, and each other bin times that
// are up to growth times as long as those of the bin before it. A bin is shown as
// its middle, which is wrong by 5 % at most. Stored histograms have these bins: the numbers are not to be
// changed.
const (
	shortest = 0.05 // ms
	growth   = 1.1
	bins     = 155 // the last one holds all times above 100 s
)

// bin returns the bin of a time.
func bin(d time.Duration) int {
	ms := float64(d) / float64(time.Millisecond)
	if ms <= shortest {
		return 0
	}
	return min(int(math.Ceil(math.Log(ms/shortest)/math.Log(growth))), bins-1)
}

// Milliseconds returns the middle of a bin, counted from 1 as PostgreSQL does.
func Milliseconds(bin int) float64 { return shortest * math.Pow(growth, float64(bin)-1.5) }

// A histogram is how many times are in each bin. It may end with the last bin that has one.
type histogram []int64

// add counts n times in a bin.
func (h *histogram) add(bin int, n int64) {
	for len(*h) <= bin {
		*h = append(*h, 0)
	}
	(*h)[bin] += n
}

// merge adds another histogram's times.
func (h *histogram) merge(other []int64) {
	for i, n := range other {
		h.add(i, n)
	}
}
