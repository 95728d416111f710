package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// An outcome is what the clients saw of one fault, and what the database has of their writes.
type outcome struct {
	fault        fault
	began, ended time.Time // of the fault
	requests     []request
	lost         int // acknowledged, but not stored
	doubled      int // stored more than once
	denied       int // stored, although the response says that nothing was
	unresolved   int // writes with a key that were never acknowledged
}

// compare counts the writes that were lost, doubled, or given up.
func (o *outcome) compare(writes map[string]*write, stored map[string]int) {
	for word, w := range writes {
		if w.acknowledged > 0 && stored[word] == 0 {
			o.lost++
		}
		if stored[word] > 1 {
			o.doubled++
		}
		if w.refused && stored[word] > 0 {
			o.denied++
		}
		if w.keyed && w.acknowledged == 0 {
			o.unresolved++
		}
	}
}

func (r request) failed() bool { return r.status == 0 || r.status >= http.StatusBadRequest }

// recovery returns after what time from the end of the fault a full second began in which no request failed. It
// reports false if there was none before the load ended.
func (o *outcome) recovery() (time.Duration, bool) {
	var failures []time.Time
	last := o.ended
	for _, r := range o.requests {
		if r.begun.Before(o.ended) {
			continue
		}
		if r.failed() {
			failures = append(failures, r.begun)
		}
		if r.begun.After(last) {
			last = r.begun
		}
	}
	slices.SortFunc(failures, time.Time.Compare)
	start := o.ended
	for _, failure := range failures {
		if failure.Sub(start) >= time.Second {
			break
		}
		start = failure
	}
	// The load's last request comes just before its end.
	return start.Sub(o.ended), last.Sub(start) >= 900*time.Millisecond
}

// counts is how many requests ended in which way.
type counts struct{ requests, unavailable, late, other, none int }

func (o *outcome) counts() (n counts) {
	for _, r := range o.requests {
		n.requests++
		switch {
		case r.status == http.StatusServiceUnavailable:
			n.unavailable++
		case r.status == http.StatusGatewayTimeout:
			n.late++
		case r.status == 0:
			n.none++
		case r.failed():
			n.other++
		}
	}
	return n
}

func (o *outcome) longest() (longest time.Duration) {
	for _, r := range o.requests {
		longest = max(longest, r.took)
	}
	return longest
}

// broken returns the promises that were broken.
func (o *outcome) broken() (broken []string) {
	add := func(format string, args ...any) {
		broken = append(broken, o.fault.title+": "+fmt.Sprintf(format, args...))
	}
	if o.lost > 0 {
		add("%d acknowledged writes were lost", o.lost)
	}
	if o.doubled > 0 {
		add("%d writes were stored twice", o.doubled)
	}
	if o.denied > 0 {
		add("%d writes were stored, although their responses say that nothing was", o.denied)
	}
	if o.unresolved > 0 {
		add("%d writes with an Idempotency-Key never succeeded", o.unresolved)
	}
	if took, ok := o.recovery(); !ok || took > maxRecovery {
		add("not healthy within %s", maxRecovery)
	}
	failed, reads := 0, 0
	wrong := map[string]bool{}
	for _, r := range o.requests {
		if r.failed() {
			failed++
			if r.read {
				reads++
			}
			if r.begun.Add(r.took).Before(o.began) {
				add("a request failed before it with %d %s", r.status, r.wrong)
			}
		}
		if r.wrong != "" && !wrong[r.wrong] && len(wrong) < 5 {
			wrong[r.wrong] = true
			add("%s", r.wrong)
		}
	}
	if o.fault.interrupts && failed == 0 && o.longest() < o.ended.Sub(o.began)/2 {
		add("no request failed or waited, so the fault had no effect")
	}
	if o.fault.reads && reads > 0 {
		add("%d reads failed", reads)
	}
	return broken
}

// healthy formats the time of recovery.
func (o *outcome) healthy() string {
	took, ok := o.recovery()
	if !ok {
		return "never"
	}
	return fmt.Sprintf("%.1f s", took.Seconds())
}

// summary is one line for the progress.
func (o *outcome) summary() string {
	n := o.counts()
	verdict := "kept"
	if len(o.broken()) > 0 {
		verdict = "BROKEN"
	}
	return fmt.Sprintf("%d requests, %d failed; healthy after %s; lost %d, doubled %d: %s", n.requests,
		n.unavailable+n.late+n.other+n.none, o.healthy(), o.lost, o.doubled, verdict)
}

// summarize prints a table and the verdict, and returns the promises that were broken.
func summarize(output io.Writer, outcomes []*outcome) (broken []string) {
	table := tabwriter.NewWriter(output, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "\nfault\tlasted\trequests\t503\t504\tother\tno response\tlongest\thealthy in\tlost\tdoubled\n")
	for _, o := range outcomes {
		n := o.counts()
		fmt.Fprintf(table, "%s\t%.0f s\t%d\t%d\t%d\t%d\t%d\t%.1f s\t%s\t%d\t%d\n", o.fault.title,
			o.ended.Sub(o.began).Seconds(), n.requests, n.unavailable, n.late, n.other, n.none,
			o.longest().Seconds(), o.healthy(), o.lost, o.doubled)
		broken = append(broken, o.broken()...)
	}
	_ = table.Flush() // like fmt.Fprintf here: without an output there is nothing to report to
	if len(broken) == 0 {
		fmt.Fprintf(output, "\nEvery promise was kept: nothing lost or doubled, and healthy within %s.\n", maxRecovery)
		return nil
	}
	fmt.Fprintf(output, "\nBroken promises: %d\n  %s\n", len(broken), strings.Join(broken, "\n  "))
	return broken
}
