package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestReportOfARealRun runs `go test` on a small module: a test that passes, and one whose subtest
// fails.
func TestReportOfARealRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod": "module m\n\ngo 1.26\n",
		"a_test.go": `package m

import "testing"

func TestGood(t *testing.T) {}

func TestBad(t *testing.T) { t.Run("sub", func(t *testing.T) { t.Error("why") }) }
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "test", "-json", "./...")
	cmd.Dir = dir
	var out strings.Builder
	c, err := report(t.Context(), &out, cmd)
	if err == nil {
		t.Error("report returned no error")
	}
	if c != (counts{passed: 1, failed: 2}) {
		t.Errorf("it counts %s", c)
	}
	for _, want := range []string{"=== FAIL: m TestBad/sub", "why", "DONE 3 tests, 2 failures"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}
}

func TestRunStopsAllProcesses(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	pids := filepath.Join(t.TempDir(), "pid")
	cmd := exec.Command("sh", "-c", `sleep 60 & echo $! >"$0.new" && mv "$0.new" "$0"; wait`, pids)
	done := make(chan error, 1)
	go func() { done <- run(ctx, cmd) }()
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
			t.Error("run returned no error for a command that was interrupted")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("run does not return")
	}
	// A shell's background child ignores the interrupt, and ends by the kill that follows.
	for end := time.Now().Add(10 * time.Second); !ended(grandchild); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the grandchild is still running")
		}
	}
}

// ended reports whether a process has ended. Its parent may not have waited for it yet.
func ended(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || err == nil && strings.Contains(string(stat), ") Z ")
}
