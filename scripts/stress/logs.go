package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

var (
	severe = regexp.MustCompile(`\] (ERROR|FATAL|PANIC):  (.*)`)
	// expected is what PostgreSQL says of a caller that was killed.
	expected = []string{"connection to client lost"}
	alarming = regexp.MustCompile(`"level":"ERROR"|^panic: |^fatal error: |WARNING: DATA RACE`)
)

// verifyLogs looks for what must not be in the logs of PostgreSQL and of the functions.
func (t *stress) verifyLogs() error {
	err := eachLine(t.bundle.PostgresLog(), func(line string) {
		if grave(line) {
			t.violate("PostgreSQL's log: %s", line)
		}
	})
	if err != nil {
		return err
	}
	for _, area := range areas {
		err := eachLine(t.bundle.Log(area), func(line string) {
			if alarming.MatchString(line) {
				t.violate("the log of %s: %s", area, line)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// grave tells whether a line of PostgreSQL's log is about an error or a deadlock.
func grave(line string) bool {
	match := severe.FindStringSubmatch(line)
	return match != nil && !slices.Contains(expected, match[2]) || strings.Contains(line, "deadlock")
}

func eachLine(path string, do func(string)) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("look into a log: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		do(lines.Text())
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("look into %s: %w", path, err)
	}
	return nil
}
