package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"
)

// A small `make chaos`.
func TestFaultsLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "mfc") // the path of t.TempDir may be too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	var out strings.Builder
	small := settings{
		rate: 40, lasts: time.Second, calm: 200 * time.Millisecond, after: time.Second,
		faults: faultNames(), root: "../..",
	}
	broken, err := run(t.Context(), small, dir, &out)
	if err != nil || len(broken) > 0 {
		t.Errorf("%v, broken promises: %d\n%s", err, len(broken), out.String())
	}
	for _, f := range faults {
		if !strings.Contains(out.String(), f.title) {
			t.Errorf("the output does not name the fault %q:\n%s", f.title, out.String())
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	env := func(values map[string]string) func(string) string {
		return func(name string) string { return values[name] }
	}
	s, err := readSettings(env(nil))
	if err != nil || s.rate != 100 || s.lasts != 0 || len(s.faults) != len(faults) || s.gateway {
		t.Errorf("the defaults are %+v, %v", s, err)
	}
	s, err = readSettings(env(map[string]string{"FAULTS": "slow, killed", "SECONDS": "3", "FRONT": "gateway"}))
	if err != nil || strings.Join(s.faults, " ") != "slow killed" || s.lasts != 3*time.Second || !s.gateway {
		t.Errorf("got %+v, %v", s, err)
	}
	_, err = readSettings(env(map[string]string{"RATE": "0", "SECONDS": "x", "FAULTS": "flood", "FRONT": "apache"}))
	for _, name := range []string{"RATE", "SECONDS", "FAULTS", "FRONT"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
}

func TestStopped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var output strings.Builder
	code := command(ctx, func(string) string { return "" }, &output)
	if code != 130 || !strings.Contains(output.String(), "stopped") {
		t.Errorf("exit code %d, %s", code, output.String())
	}
}
