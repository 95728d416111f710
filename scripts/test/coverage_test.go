package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const profile = `mode: atomic
minifb/functions/post/edit.go:20.2,21.16 2 3
minifb/functions/post/edit.go:21.16,23.3 1 0
minifb/functions/post/main.go:6.13,6.45 1 0
minifb/shared/store/post.go:9.1,12.2 4 0
minifb/functions/post/create.go:7.1,7.20 1 0
minifb/functions/post/edit.go:30.2,30.12 1 0
minifb/functions/post/edit.go:30.2,30.12 1 7
minifb/functions/post/empty.go:3.13,3.14 0 0
`

func TestCoverageNamesWhatNoTestRuns(t *testing.T) {
	t.Parallel()
	c, err := readCoverage(strings.NewReader(profile), held)
	if err != nil {
		t.Fatal(err)
	}
	if c.total != 5 || c.run != 3 {
		t.Errorf("%d of %d statements, want 3 of 5: main.go and shared/ do not count, a block listed twice counts once", c.run, c.total)
	}
	var missed []string
	for _, b := range c.missed {
		missed = append(missed, fmt.Sprint(b))
	}
	if want := []string{"functions/post/create.go:7", "functions/post/edit.go:21–23"}; !slices.Equal(missed, want) {
		t.Errorf("missed %q, want %q", missed, want)
	}
}

func TestCoverageRefusesWhatIsNoProfile(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "ok minifb/functions/post", "mode: set\nminifb/functions/post/edit.go:20.2,21.16 2", "mode: set\nx"} {
		if _, err := readCoverage(strings.NewReader(bad), held); err == nil {
			t.Errorf("%q was read as a profile", bad)
		}
	}
}

func TestHeld(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]bool{
		"minifb/functions/post/edit.go":   true,
		"minifb/functions/post/main.go":   false,
		"minifb/functions/docs/domain.go": true,
		"minifb/shared/store/post.go":     false,
		"minifb/scripts/run/functions.go": false,
	} {
		if held(file) != want {
			t.Errorf("%s: held is %t", file, !want)
		}
	}
}
