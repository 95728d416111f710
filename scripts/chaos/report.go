package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"minifb/shared/testkit/trial"
)

// An outcome is what the clients saw of one fault, and what the database has of their writes.
type outcome struct {
	fault        fault
	began, ended time.Time // of the fault
	requests     []trial.Ended
	writes       trial.Writes
}

func (o *outcome) recovery() (time.Duration, bool) { return trial.Recovery(o.requests, o.ended) }

// broken returns the promises that were broken.
func (o *outcome) broken() (broken []string) {
	add := func(format string, args ...any) {
		broken = append(broken, o.fault.title+": "+fmt.Sprintf(format, args...))
	}
	for _, promise := range o.writes.Broken() {
		add("%s", promise)
	}
	if took, ok := o.recovery(); !ok || took > maxRecovery {
		add("not healthy within %s", maxRecovery)
	}
	reads := 0
	for _, r := range o.requests {
		if !r.Failed() {
			continue
		}
		if r.Read {
			reads++
		}
		if r.End().Before(o.began) {
			add("a request failed before it with %d %s", r.Status, r.Wrong)
		}
	}
	for _, reason := range trial.Wrong(o.requests) {
		add("%s", reason)
	}
	failed := trial.Count(o.requests).Failed()
	if o.fault.interrupts && failed == 0 && trial.Longest(o.requests) < o.ended.Sub(o.began)/2 {
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
	n := trial.Count(o.requests)
	verdict := "kept"
	if len(o.broken()) > 0 {
		verdict = "BROKEN"
	}
	return fmt.Sprintf("%d requests, %d failed; healthy after %s; lost %d, doubled %d: %s", n.Requests,
		n.Failed(), o.healthy(), o.writes.Lost, o.writes.Doubled, verdict)
}

// summarize prints a table and the verdict, and returns the promises that were broken.
func summarize(output io.Writer, outcomes []*outcome) (broken []string) {
	table := tabwriter.NewWriter(output, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "\nfault\tlasted\trequests\t503\t504\tother\tno response\tlongest\thealthy in\tlost\tdoubled\n")
	for _, o := range outcomes {
		n := trial.Count(o.requests)
		fmt.Fprintf(table, "%s\t%.0f s\t%d\t%d\t%d\t%d\t%d\t%.1f s\t%s\t%d\t%d\n", o.fault.title,
			o.ended.Sub(o.began).Seconds(), n.Requests, n.Unavailable, n.Late, n.Other, n.None,
			trial.Longest(o.requests).Seconds(), o.healthy(), o.writes.Lost, o.writes.Doubled)
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
