package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"minifb/shared/testkit/built"
)

// small returns the settings of a run of some seconds, and its empty folder.
func small(t *testing.T) (s settings, dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "mff") // short, and PostgreSQL's user can reach it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	programs, err := built.Programs(t.Context(), "../..", filepath.Join(dir, "bin"), false, "./functions/...")
	if err != nil {
		t.Fatal(err)
	}
	return settings{
		rate: 40, calm: 300 * time.Millisecond, promote: 300 * time.Millisecond, after: time.Second, sync: true,
		cut: 300 * time.Millisecond, root: "../..", programs: programs,
	}, dir
}

// A small `make failover`.
func TestFailoverLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	s, dir := small(t)
	var output strings.Builder
	broken, err := s.run(t.Context(), dir, &output)
	if err != nil || len(broken) > 0 {
		t.Fatalf("%v, broken promises: %d\n%s", err, len(broken), output.String())
	}
	for name, want := range map[string]bool{"acknowledged writes": true, "lost": false, "doubled": false} {
		if n := printed(t, output.String(), name); (n > 0) != want {
			t.Errorf("%s: %d\n%s", name, n, output.String())
		}
	}
	if !strings.Contains(output.String(), "Every promise was kept: nothing lost or doubled") {
		t.Errorf("the verdict is missing:\n%s", output.String())
	}
}

// Asynchronous replication loses what the standby had not received. The run says so, and does not fail.
func TestAsynchronousFailoverLosesWrites(t *testing.T) {
	t.Parallel()
	s, dir := small(t)
	s.sync, s.gateway = false, true
	var output strings.Builder
	broken, err := s.run(t.Context(), dir, &output)
	if err != nil || len(broken) > 0 {
		t.Fatalf("%v, broken promises: %d\n%s", err, len(broken), output.String())
	}
	if printed(t, output.String(), "lost") == 0 || printed(t, output.String(), "doubled") > 0 ||
		!strings.Contains(output.String(), "so they are no failure of this run. SYNC=on loses none.") {
		t.Errorf("want lost writes, and why:\n%s", output.String())
	}
}

// printed returns the number that the output has after a name.
func printed(t *testing.T, output, name string) int {
	t.Helper()
	match := regexp.MustCompile(`(?m)^` + name + ` +(\d+)$`).FindStringSubmatch(output)
	if match == nil {
		t.Fatalf("the output lacks %q:\n%s", name, output)
	}
	n, _ := strconv.Atoi(match[1])
	return n
}

func TestSettings(t *testing.T) {
	t.Parallel()
	env := func(values map[string]string) func(string) string {
		return func(name string) string { return values[name] }
	}
	s, err := readSettings(env(nil))
	if err != nil || s.rate != 100 || s.calm != 10*time.Second || s.promote != 2*time.Second || !s.sync || s.gateway {
		t.Errorf("the defaults are %+v, %v", s, err)
	}
	s, err = readSettings(env(map[string]string{
		"SECONDS": "3", "PROMOTE_AFTER": "0", "SYNC": "off", "FRONT": "gateway",
	}))
	if err != nil || s.calm != 3*time.Second || s.promote != 0 || s.sync || !s.gateway {
		t.Errorf("got %+v, %v", s, err)
	}
	_, err = readSettings(env(map[string]string{
		"RATE": "0", "SECONDS": "x", "PROMOTE_AFTER": "-1", "SYNC": "yes", "FRONT": "apache",
	}))
	for _, name := range []string{"RATE", "SECONDS", "PROMOTE_AFTER", "SYNC", "FRONT"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
}
