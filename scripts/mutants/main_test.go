package main

import (
	"errors"
	"flag"
	"testing"
)

func TestParse(t *testing.T) {
	t.Chdir("../..")
	for _, args := range [][]string{
		{"-run", "("}, {"-run", "^no such fault$"}, {"-parallel", "0"}, {"-limit", "0s"}, {"-limit", "long"},
	} {
		if _, err := parse(args); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
	if _, err := parse([]string{"-help"}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-help: %v", err)
	}
	if s, err := parse([]string{"-run", "deleted ones stay"}); err != nil || len(s.faults) != 3 {
		t.Errorf("%d faults, %v", len(s.faults), err)
	}
}
