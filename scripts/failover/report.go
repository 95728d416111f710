package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"minifb/shared/testkit/trial"
)

// An outcome is what the clients saw of the failover, and what the new primary has of their writes.
type outcome struct {
	settings
	killed              time.Time // the primary
	promoting, promoted time.Time // the standby
	requests            []trial.Ended
	writes              trial.Writes
}

func isAcknowledged(r trial.Ended) bool { return !r.Read && r.Status == http.StatusCreated }

// outage returns how long after the kill the promoted standby acknowledged its first write. It reports false if it
// acknowledged none.
func (o *outcome) outage() (shortest time.Duration, ok bool) {
	for _, r := range o.requests {
		if !isAcknowledged(r) || r.End().Before(o.promoting) {
			continue
		}
		if took := r.End().Sub(o.killed); !ok || took < shortest {
			shortest, ok = took, true
		}
	}
	return shortest, ok
}

// lastFailure returns how long after the kill the last request began that failed; 0 if none did.
func (o *outcome) lastFailure() (last time.Duration) {
	for _, r := range o.requests {
		if r.Failed() {
			last = max(last, r.Begun.Sub(o.killed))
		}
	}
	return last
}

// broken returns the promises that were broken. What asynchronous replication loses is none.
func (o *outcome) broken() (broken []string) {
	writes := o.writes
	if !o.sync {
		writes.Lost = 0
	}
	broken = append(writes.Broken(), trial.Wrong(o.requests)...)
	within := o.promote + maxOutage
	if took, ok := o.outage(); !ok || took > within {
		broken = append(broken, fmt.Sprintf("no write succeeded within %s", within))
	}
	if took, ok := trial.Recovery(o.requests, o.promoting); !ok || took > maxOutage {
		broken = append(broken, fmt.Sprintf("requests failed for more than %s after the promotion", maxOutage))
	}
	for _, r := range o.requests {
		if r.Failed() && r.End().Before(o.killed) {
			broken = append(broken, fmt.Sprintf("a request failed before the kill with %d %s", r.Status, r.Wrong))
		}
	}
	return broken
}

// summarize prints the requests by result, the times and the writes, and returns the promises that were broken.
func (o *outcome) summarize(output io.Writer) (broken []string) {
	type row struct {
		requests int
		longest  time.Duration
	}
	rows := map[int]row{}
	for _, r := range o.requests {
		kind := rows[r.Status]
		rows[r.Status] = row{kind.requests + 1, max(kind.longest, r.Took)}
	}
	table := tabwriter.NewWriter(output, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "\nresult\trequests\tlongest\n")
	for _, status := range slices.Sorted(maps.Keys(rows)) {
		name := fmt.Sprintf("%d %s", status, http.StatusText(status))
		if status == 0 {
			name = "no response"
		}
		fmt.Fprintf(table, "%s\t%d\t%.1f s\n", name, rows[status].requests, rows[status].longest.Seconds())
	}
	_ = table.Flush() // like fmt.Fprintf here: without an output there is nothing to report to
	fmt.Fprintf(output, "\npromoted after the kill  %.1f s (PROMOTE_AFTER=%.0f)\n",
		o.promoting.Sub(o.killed).Seconds(), o.promote.Seconds())
	writesAgain := "never"
	if took, ok := o.outage(); ok {
		writesAgain = fmt.Sprintf("%.1f s", took.Seconds())
	}
	fmt.Fprintf(output, "writes again after       %s\nlast failed request at   %.1f s\n", writesAgain,
		o.lastFailure().Seconds())
	fmt.Fprintf(output, "acknowledged writes      %d\nlost                     %d\ndoubled                  %d\n\n",
		o.writes.Acknowledged, o.writes.Lost, o.writes.Doubled)
	if !o.sync {
		fmt.Fprintf(output, `For %.1f s before the kill the standby received nothing. Writes of this time are lost.
Asynchronous replication may lose such writes, so they are no failure of this run. SYNC=on loses none.
`, o.cut.Seconds())
	}
	broken = o.broken()
	if len(broken) == 0 {
		fmt.Fprintf(output, "Every promise was kept: nothing %s, and writes again within %s.\n",
			map[bool]string{true: "lost or doubled", false: "doubled"}[o.sync], o.promote+maxOutage)
		return nil
	}
	fmt.Fprintf(output, "Broken promises: %d\n  %s\n", len(broken), strings.Join(broken, "\n  "))
	return broken
}
