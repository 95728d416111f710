package main

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"golang.org/x/tools/cover"
)

// mustBeCovered reports whether tests must run every statement of a file, given by its import path. A
// main.go only calls function.Main, which does not return in a test.
func mustBeCovered(file string) bool {
	return strings.HasPrefix(file, "minifb/functions/") && path.Base(file) != "main.go"
}

// checkCoverage returns an error where no test runs a statement of a file that must be covered, and
// writes where each such statement is.
func (o options) checkCoverage(out io.Writer) error {
	profiles, err := cover.ParseProfiles(o.profile) // merges the blocks that several packages test
	if err != nil {
		return fmt.Errorf("read the coverage: %w", err)
	}
	total, missed := 0, 0
	for _, p := range profiles {
		if !mustBeCovered(p.FileName) {
			continue
		}
		for _, b := range p.Blocks {
			total += b.NumStmt
			if b.Count == 0 && b.NumStmt > 0 {
				missed += b.NumStmt
				fmt.Fprintf(out, "no test runs %s\n", position(p.FileName, b))
			}
		}
	}
	switch {
	case missed > 0:
		return fmt.Errorf("no test runs %d of the %d statements of functions/", missed, total)
	case total > 0:
		fmt.Fprintf(out, "coverage of functions/: all %d statements\n", total)
	case o.whole:
		return errors.New("the coverage has no statement of functions/")
	}
	return nil
}

// position returns a block as file:line, which editors open.
func position(file string, b cover.ProfileBlock) string {
	s := fmt.Sprintf("%s:%d", strings.TrimPrefix(file, "minifb/"), b.StartLine)
	if b.EndLine > b.StartLine {
		s += fmt.Sprintf("–%d", b.EndLine)
	}
	return s
}
