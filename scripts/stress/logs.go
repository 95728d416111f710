package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

var (
	postgresError = regexp.MustCompile(`\] (ERROR|FATAL|PANIC):  (.*)`)
	// harmless is what PostgreSQL logs when a client is killed.
	harmless      = []string{"connection to client lost"}
	functionError = regexp.MustCompile(`"level":"ERROR"|^panic: |^fatal error: |WARNING: DATA RACE`)
)

// verifyLogs reports errors in the logs of PostgreSQL and of the functions. Of a PostgreSQL that runs elsewhere it
// knows only how many deadlocks it has counted.
func (s *stress) verifyLogs(ctx context.Context) error {
	verify := s.verifyPostgresLog
	if s.database.Functions != "" {
		verify = s.verifyDeadlocks
	}
	if err := verify(ctx); err != nil {
		return err
	}
	for _, area := range areas {
		err := eachLine(s.bundle.Log(area), func(line string) {
			if functionError.MatchString(line) {
				s.addViolation("the log of %s: %s", area, line)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *stress) verifyPostgresLog(context.Context) error {
	return eachLine(s.bundle.PostgresLog(), func(line string) {
		if isPostgresError(line) {
			s.addViolation("PostgreSQL's log: %s", line)
		}
	})
}

func (s *stress) verifyDeadlocks(ctx context.Context) error {
	n, err := s.countDeadlocks(ctx)
	if err == nil && n > s.deadlocks {
		s.addViolation("PostgreSQL has detected %d deadlocks", n-s.deadlocks)
	}
	return err
}

// isPostgresError reports whether a line of PostgreSQL's log is an error or about a deadlock.
func isPostgresError(line string) bool {
	match := postgresError.FindStringSubmatch(line)
	return match != nil && !slices.Contains(harmless, match[2]) || strings.Contains(line, "deadlock")
}

func eachLine(path string, do func(string)) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read a log: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		do(lines.Text())
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}
