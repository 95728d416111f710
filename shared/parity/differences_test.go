package parity

import (
	"slices"
	"testing"
)

// A difference is one that stays, and why.
type difference struct {
	ways  []string // those that differ from the direct one
	part  string   // "status", "body", a header's name, or "answer" for whatever parts
	where func(request, reply) bool
	cause string
}

var differences = []difference{}

// compare holds every way against the first one. It demands that each difference be listed, and that each one listed be there,
// for every request that it speaks of.
func compare(t *testing.T, requests []request, answers [][]reply) {
	t.Helper()
	for w := 1; w < len(ways); w++ {
		for i, r := range requests {
			direct, other := answers[0][i], answers[w][i]
			found := unequal(direct, other)
			for _, d := range differences {
				if !slices.Contains(d.ways, ways[w].name) || !d.where(r, direct) {
					continue
				}
				if d.part == "answer" && len(found) > 0 {
					found = nil
				} else if at := slices.Index(found, d.part); at >= 0 {
					found = slices.Delete(found, at, at+1)
				} else {
					t.Errorf("%s, %s: no longer another %s; take it from the list: %s", ways[w].name, r.Name, d.part, d.cause)
				}
			}
			for _, part := range found {
				t.Errorf("%s, %s: %s is %s, and %s when asked directly", ways[w].name, r.Name, part, show(other, part), show(direct, part))
			}
		}
	}
}
