package spawn_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"minifb/shared/ops/spawn"
)

// The test binary plays the parent that is killed when this is set.
const parent = "SPAWN_TEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(parent) == "" {
		os.Exit(m.Run())
	}
	child := exec.Command("sleep", "60")
	if err := spawn.Start(child, syscall.SIGTERM); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	runtime.GC() // ends idle threads, were the child's parent one of them
	fmt.Println(child.Process.Pid)
	_ = child.Wait()
}

func TestChildDiesWithItsKilledParent(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Log("only Linux tells a child that its parent died")
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), parent+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatalf("the parent said %q", line)
	}
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("the child does not run: %v", err)
	}
	time.Sleep(50 * time.Millisecond)
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("the child died while its parent lived: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for end := time.Now().Add(10 * time.Second); running(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatal("the child outlived its parent by 10 s")
		}
	}
}

// running tells whether pid runs; one that waits for a parent to notice its end does not.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return !errors.Is(err, os.ErrNotExist) && !strings.Contains(string(stat), ") Z ") && syscall.Kill(pid, 0) == nil
}

func TestStartReportsAMissingProgram(t *testing.T) {
	t.Parallel()
	if err := spawn.Start(exec.Command("/nonexistent/program"), syscall.SIGTERM); err == nil {
		t.Error("a program that is not there was started")
	}
}
