package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// held tells whether every statement of a file, named by its import path, must be run by a test. A main.go only calls the
// runtime, which a test cannot return from.
func held(file string) bool {
	return strings.HasPrefix(file, "minifb/functions/") && path.Base(file) != "main.go"
}

// A block is a stretch of statements that run together.
type block struct {
	file                   string // its import path
	line, column           int    // where it begins
	lastLine, statements   int
	lastColumn, executions int
}

// String is file:line, as editors open it.
func (b block) String() string {
	where := fmt.Sprintf("%s:%d", strings.TrimPrefix(b.file, "minifb/"), b.line)
	if b.lastLine > b.line {
		where += fmt.Sprintf("–%d", b.lastLine)
	}
	return where
}

// Coverage counts statements, and lists the blocks that were never run in the order of files and lines.
type coverage struct {
	run, total int
	missed     []block
}

// readCoverage reads a profile of `go test -coverprofile`, minding only the files that counts picks. A block that stands there twice, tested from
// two packages, is run if either ran it.
func readCoverage(profile io.Reader, counts func(file string) bool) (coverage, error) {
	executions := map[block]int{}
	lines := bufio.NewScanner(profile)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "mode: ") {
		return coverage{}, fmt.Errorf("this is no coverage profile: it begins with %q", lines.Text())
	}
	for lines.Scan() {
		// minifb/functions/post/edit.go:21.16,23.3 1 4
		file, numbers, _ := strings.Cut(lines.Text(), ":")
		b := block{file: file}
		n, err := fmt.Sscanf(numbers, "%d.%d,%d.%d %d %d", &b.line, &b.column, &b.lastLine, &b.lastColumn, &b.statements, &b.executions)
		if err != nil || n != 6 {
			return coverage{}, fmt.Errorf("the coverage profile holds the line %q", lines.Text())
		}
		if counts(file) {
			times := b.executions
			b.executions = 0
			executions[b] += times
		}
	}
	if err := lines.Err(); err != nil {
		return coverage{}, fmt.Errorf("read the coverage: %w", err)
	}
	var c coverage
	for b, times := range executions {
		c.total += b.statements
		if times > 0 {
			c.run += b.statements
		} else if b.statements > 0 {
			c.missed = append(c.missed, b)
		}
	}
	slices.SortFunc(c.missed, func(a, b block) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	return c, nil
}
