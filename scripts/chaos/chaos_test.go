package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"minifb/shared/testkit/built"
	"minifb/shared/testkit/trial"
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
		faults: faultNames(), root: "../..", programs: programs(t, dir),
	}
	broken, err := small.run(t.Context(), dir, &out)
	if err != nil || len(broken) > 0 {
		t.Errorf("%v, broken promises: %d\n%s", err, len(broken), out.String())
	}
	for _, f := range faults {
		if !strings.Contains(out.String(), f.title+": ") {
			t.Errorf("the output does not name the fault %q:\n%s", f.title, out.String())
		}
		if strings.Contains(out.String(), f.title+": left out") && (f.name != "disk" || canMount(t)) {
			t.Errorf("the fault %q was left out:\n%s", f.title, out.String())
		}
	}
}

// programs returns the folder of the built functions.
func programs(t *testing.T, dir string) string {
	t.Helper()
	folder, err := built.Programs(t.Context(), "../..", filepath.Join(dir, "bin"), false, "./functions/...")
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// canMount reports whether this process may mount a disk, as only root may, and not in every container.
func canMount(t *testing.T) bool {
	t.Helper()
	dir := t.TempDir()
	if exec.Command("mount", "-t", "tmpfs", "minifb-chaos", dir).Run() != nil {
		return false
	}
	if err := exec.Command("umount", dir).Run(); err != nil {
		t.Error(err)
	}
	return true
}

// A signal during a fault ends the run soon, although requests are repeated until the fault ends.
func TestStopDuringAFault(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "mfc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := settings{rate: 40, lasts: time.Hour, calm: time.Second, faults: []string{"killed"}, root: "../.."}
	s.programs = programs(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := s.run(ctx, dir, io.Discard)
		ended <- err
	}()
	for !databaseWasKilled(t, dir) {
		select {
		case err := <-ended:
			t.Fatalf("the run ended before the fault: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the end of ctx", err)
		}
	case <-time.After(trial.Patience / 2):
		t.Errorf("the run went on until it ended with %v", <-ended)
	}
}

// databaseWasKilled reports whether the process that PostgreSQL's folder names has ended.
func databaseWasKilled(t *testing.T, dir string) bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "db", "postgres", "data", "postmaster.pid"))
	if err != nil {
		return false // not yet started
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	return err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
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
