// Package stat counts requests and their times in memory, and stores them in small batches.
package stat

import (
	"math"
	"time"
)

// The bins of a histogram of times. Bin 0 holds times up to shortest, and each other bin times that
// are up to growth times as long as those of the bin before it. Percentile returns the middle of a
// bin, so it is wrong by 5 % at most. Stored histograms have these bins: the numbers are not to be
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

// Histogram is how many times are in each bin. It may end with the last bin that has one.
type Histogram []int64

// add counts n times in a bin.
func (h *Histogram) add(bin int, n int64) {
	for len(*h) <= bin {
		*h = append(*h, 0)
	}
	(*h)[bin] += n
}

// Merge adds another histogram's times.
func (h *Histogram) Merge(other []int64) {
	for i, n := range other {
		h.add(i, n)
	}
}

// Total returns how many times there are.
func (h Histogram) Total() (total int64) {
	for _, n := range h {
		total += n
	}
	return total
}

// Percentile returns the time, in milliseconds, that the fraction q of all times does not exceed:
// 0.5 for the median. There must be a time.
func (h Histogram) Percentile(q float64) float64 {
	rank := int64(math.Ceil(q * float64(h.Total()))) // the q-th time in ascending order, from 1
	i := 0
	for seen := h[0]; seen < rank; seen += h[i] {
		i++
	}
	return shortest * math.Pow(growth, float64(i)-0.5)
}
