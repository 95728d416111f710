package gateway_test

import (
	"strings"
	"testing"

	"minifb/shared/ops/gateway"
)

// Lines of the same time are told apart by their writers. Those of one writer would be counted once.
func TestEachRefusalIsCounted(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	for range 2 { // two gateways
		log := gateway.NewRefusedLog(&lines)
		log.Add("GET /post", 503, 0)
		log.Add("GET /post", 503, 0)
	}
	writers := map[string]bool{}
	for line := range strings.Lines(lines.String()) {
		writers[strings.Fields(line)[1]] = true
	}
	if len(writers) != 4 {
		t.Errorf("%d writers of 4 requests:\n%s", len(writers), lines.String())
	}
}
