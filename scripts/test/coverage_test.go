package main

import (
	"os"
	"path/filepath"
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

// coverageOf returns the output and the error of checkCoverage for a profile.
func coverageOf(t *testing.T, profile string, whole bool) (output string, err error) {
	t.Helper()
	o := options{profile: filepath.Join(t.TempDir(), "cover.out"), whole: whole}
	if err := os.WriteFile(o.profile, []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err = o.checkCoverage(&out)
	return out.String(), err
}

// main.go and shared/ are not counted, and a block that two packages test is counted once.
func TestCheckCoverageNamesStatementsThatNoTestRuns(t *testing.T) {
	t.Parallel()
	output, err := coverageOf(t, profile, true)
	if err == nil || err.Error() != "no test runs 2 of the 5 statements of functions/" {
		t.Errorf("the error is %v", err)
	}
	want := []string{"no test runs functions/post/create.go:7", "no test runs functions/post/edit.go:21–23"}
	if got := strings.Split(strings.TrimSpace(output), "\n"); !slices.Equal(got, want) {
		t.Errorf("the output is %q, want %q", got, want)
	}
}

func TestCheckCoverageRefusesOtherFiles(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"ok minifb/functions/post", "mode: set\nminifb/functions/post/edit.go:20.2,21.16 2", "mode: set\nx",
	} {
		if _, err := coverageOf(t, bad, true); err == nil || !strings.Contains(err.Error(), "read the coverage") {
			t.Errorf("%q: the error is %v", bad, err)
		}
	}
	if _, err := coverageOf(t, "", true); err == nil {
		t.Error("an empty file is accepted")
	}
}

func TestCheckCoverage(t *testing.T) {
	t.Parallel()
	const complete = "mode: atomic\nminifb/functions/a/b.go:1.1,2.2 1 1\n"
	for name, c := range map[string]struct {
		profile string
		whole   bool
		want    string // a part of the error; "" where none is wanted
	}{
		"a gap":                     {profile, false, "no test runs 2 of the 5 statements"},
		"complete":                  {complete, true, ""},
		"nothing of functions/":     {"mode: atomic\n", true, "has no statement"},
		"a package outside of them": {"mode: atomic\n", false, ""},
	} {
		_, err := coverageOf(t, c.profile, c.whole)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %q", name, err, c.want)
		}
	}
}

func TestMustBeCovered(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]bool{
		"minifb/functions/post/edit.go":   true,
		"minifb/functions/post/main.go":   false,
		"minifb/functions/docs/domain.go": true,
		"minifb/shared/store/post.go":     false,
		"minifb/scripts/run/main.go":      false,
	} {
		if mustBeCovered(file) != want {
			t.Errorf("mustBeCovered(%s) is %t", file, !want)
		}
	}
}
