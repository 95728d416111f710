package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// progress is one line on how far it is.
func (t *stress) progress() {
	done, took := t.ended.Load(), time.Since(t.begun).Seconds()
	t.mu.Lock()
	defer t.mu.Unlock()
	all := map[int]int{}
	for _, statuses := range t.statuses {
		for status, n := range statuses {
			all[status] += n
		}
	}
	fmt.Fprintf(t.out, "%4.0f s  %d of %d operations, %.0f/s, %d kills, %s, %d violations\n",
		took, done, t.operations, float64(done)/took, t.clock.begun.Load(), describe(all), len(t.violations))
}

// describe lists statuses with their counts.
func describe(statuses map[int]int) string {
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(statuses)) {
		name := strconv.Itoa(status)
		if status == 0 {
			name = "broken"
		}
		parts = append(parts, fmt.Sprintf("%s: %d", name, statuses[status]))
	}
	return strings.Join(parts, " ")
}

// summarize says what was asked, how it was answered, and which promises were broken.
func (t *stress) summarize() {
	t.mu.Lock()
	defer t.mu.Unlock()
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nrequest\tsent\tanswered")
	total := 0
	for _, operation := range slices.Sorted(maps.Keys(t.statuses)) {
		sent := 0
		for _, n := range t.statuses[operation] {
			sent += n
		}
		total += sent
		fmt.Fprintf(table, "%s\t%d\t%s\n", operation, sent, describe(t.statuses[operation]))
	}
	fmt.Fprintf(table, "all\t%d\t%.0f a second; %d operations, %d on the hot post; %d kills\n",
		total, float64(total)/t.took.Seconds(), t.ended.Load(), t.onHot.Load(), t.clock.begun.Load())
	_ = table.Flush() // what cannot be shown cannot be mended
	if len(t.violations) == 0 {
		fmt.Fprintf(t.out, "\nevery promise was kept: %d of the rows, what was acknowledged, and nothing amiss in the logs\n", len(promises))
		return
	}
	fmt.Fprintf(t.out, "\n%d VIOLATIONS\n", len(t.violations))
	for i, v := range t.violations {
		if i == violationsShown {
			fmt.Fprintf(t.out, "  and %d more\n", len(t.violations)-i)
			break
		}
		fmt.Fprintf(t.out, "  %s\n", v)
	}
}
