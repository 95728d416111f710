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

// maxViolations is how many violations are printed.
const maxViolations = 50

// progress prints one line on the progress of the run.
func (s *stress) progress() {
	finished, took := s.finished.Load(), time.Since(s.begun).Seconds()
	s.mu.Lock()
	defer s.mu.Unlock()
	total := map[int]int{}
	for _, statuses := range s.statuses {
		for status, n := range statuses {
			total[status] += n
		}
	}
	fmt.Fprintf(s.output, "%4.0f s: %d of %d operations, %.0f/s, kills: %d, violations: %d, responses: %s\n",
		took, finished, s.operations, float64(finished)/took, s.killCounts.begun.Load(), len(s.violations),
		formatStatuses(total))
}

// formatStatuses lists how many responses had each status, such as "200: 17 404: 1 none: 2".
func formatStatuses(statuses map[int]int) string {
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(statuses)) {
		name := strconv.Itoa(status)
		if status == 0 {
			name = "none"
		}
		parts = append(parts, fmt.Sprintf("%s: %d", name, statuses[status]))
	}
	return strings.Join(parts, " ")
}

// summarize prints the requests, their responses and the violations.
func (s *stress) summarize() {
	s.mu.Lock()
	defer s.mu.Unlock()
	table := tabwriter.NewWriter(s.output, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\noperation\trequests\tresponses")
	total := 0
	for _, operation := range slices.Sorted(maps.Keys(s.statuses)) {
		requests := 0
		for _, n := range s.statuses[operation] {
			requests += n
		}
		total += requests
		fmt.Fprintf(table, "%s\t%d\t%s\n", operation, requests, formatStatuses(s.statuses[operation]))
	}
	fmt.Fprintf(table, "all\t%d\t%.0f a second\n", total, float64(total)/s.took.Seconds())
	_ = table.Flush() // like fmt.Fprintf here: without an output there is nothing to report to
	fmt.Fprintf(s.output, "\nFinished operations: %d, on the hot post: %d. Kills: %d.\n",
		s.finished.Load(), s.onHot.Load(), s.killCounts.begun.Load())
	if len(s.violations) == 0 {
		logs := "and the logs have no errors"
		if s.database.Functions != "" {
			logs = "the functions' logs have no errors, and PostgreSQL has counted no deadlock"
		}
		fmt.Fprintf(s.output, "No violations: the counters and notifications match their rows, "+
			"the database has every acknowledged write, %s.\n", logs)
		return
	}
	fmt.Fprintf(s.output, "Violations: %d\n", len(s.violations))
	for i, v := range s.violations {
		if i == maxViolations {
			fmt.Fprintf(s.output, "  and %d more\n", len(s.violations)-i)
			break
		}
		fmt.Fprintf(s.output, "  %s\n", v)
	}
}
