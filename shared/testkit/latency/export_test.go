package latency

import (
	"io"
	"time"
)

// Report writes the table of two sides, which took these times for each request.
func Report(w io.Writer, first, second []time.Duration) error {
	sides := []*Side{{name: "first"}, {name: "second"}}
	for i, took := range [][]time.Duration{first, second} {
		sides[i].measured = map[string][]time.Duration{}
		for _, r := range routes {
			sides[i].measured[r.name] = append([]time.Duration{}, took...)
		}
	}
	return report(sides, w)
}
