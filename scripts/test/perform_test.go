package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The whole command, run on a module of its own: its exit code and last line are what others rely on.
func TestFollowRealTests(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":    "module m\n\ngo 1.26\n",
		"a_test.go": "package m\n\nimport \"testing\"\n\nfunc TestGood(t *testing.T) {}\n\nfunc TestBad(t *testing.T) { t.Run(\"sub\", func(t *testing.T) { t.Error(\"why\") }) }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "test", "-json", "./...")
	cmd.Dir = dir
	var out strings.Builder
	r := newReport(&out, 1)
	if err := r.follow(t.Context(), cmd); err == nil {
		t.Error("a failed run counts as a good one")
	}
	if r.String() != "1 passed, 2 failed" {
		t.Errorf("it counts %s:\n%s", r, out.String())
	}
	if want := []string{"m TestBad/sub", "m TestBad"}; !slices.Equal(r.failing, want) {
		t.Errorf("failing %q, want %q", r.failing, want)
	}
	if !strings.Contains(out.String(), "why") {
		t.Errorf("it does not show why:\n%s", out.String())
	}
}

func TestFinishStopsAllThatWasStarted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	pids := filepath.Join(t.TempDir(), "pid")
	cmd := exec.Command("sh", "-c", `sleep 60 & echo $! >"$0.new" && mv "$0.new" "$0"; wait`, pids)
	done := make(chan error, 1)
	go func() { done <- finish(ctx, cmd) }()
	var grandchild int
	for end := time.Now().Add(10 * time.Second); grandchild == 0; time.Sleep(10 * time.Millisecond) {
		content, err := os.ReadFile(pids)
		if err == nil {
			grandchild, err = strconv.Atoi(strings.TrimSpace(string(content)))
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	cancel()
	select {
	case err := <-done:
		if err == nil {
			t.Error("what was interrupted counts as done")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it does not stop")
	}
	// A shell's background child ignores the interrupt: it takes the kill that follows.
	for end := time.Now().Add(10 * time.Second); !gone(grandchild); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("what it had started lives on")
		}
	}
}

// gone tells whether a process has ended, be it that nobody has noticed yet.
func gone(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || err == nil && strings.Contains(string(stat), ") Z ")
}

func TestCoveredFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		profile string
		whole   bool
		want    string // part of the error; none where empty
	}{
		"a gap":            {profile: profile, want: "2 of the 5 statements"},
		"none":             {profile: "mode: atomic\nminifb/functions/a/b.go:1.1,2.2 1 1\n", whole: true},
		"nothing measured": {profile: "mode: atomic\n", whole: true, want: "names no statement"},
		"one package":      {profile: "mode: atomic\n"},
	} {
		p := plan{profile: filepath.Join(t.TempDir(), "cover.out"), whole: c.whole}
		if err := os.WriteFile(p.profile, []byte(c.profile), 0o600); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		err := p.covered(&out)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if name == "a gap" && !strings.Contains(out.String(), "no test runs functions/post/edit.go:21–23\n") {
			t.Errorf("%s: it says %q", name, out.String())
		}
	}
}
