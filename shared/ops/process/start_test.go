package process

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
)

// beParent starts a child, prints its process id and waits for it. The test kills it before.
func beParent() {
	child := exec.Command("sleep", "60")
	if err := Start(child, syscall.SIGTERM); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	runtime.GC() // ends idle threads, which must not include the child's parent
	fmt.Println(child.Process.Pid)
	_ = child.Wait()
}

func TestChildDiesWithItsKilledParent(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Log("only Linux signals a child whose parent died")
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), behaviour+"=parent")
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
		t.Fatalf("the parent printed %q, want a process id", line)
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
			t.Fatal("the child still runs 10 s after its parent was killed")
		}
	}
}

// running reports whether a process runs. A zombie does not.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return !errors.Is(err, os.ErrNotExist) && !strings.Contains(string(stat), ") Z ") && syscall.Kill(pid, 0) == nil
}

// A child is in a group of its own, which Ctrl-C in a terminal does not reach. A kill reaches all of the group.
func TestKillReachesTheGroupAlone(t *testing.T) {
	t.Parallel()
	u := startUnit(t, "starts another", &recorder{})
	var other int
	for end := time.Now().Add(10 * time.Second); other == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the process starts no other")
		}
		other, _ = strconv.Atoi(tail(u.Log, 0))
	}
	for _, pid := range []int{u.PID(), other} {
		if group, err := syscall.Getpgid(pid); err != nil || group != u.PID() {
			t.Errorf("process %d is in the group %d, %v, want %d", pid, group, err, u.PID())
		}
	}
	u.Kill()
	for end := time.Now().Add(10 * time.Second); running(other); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			_ = syscall.Kill(other, syscall.SIGKILL)
			t.Fatal("what the process has started outlives its kill")
		}
	}
}

func TestStartReportsAMissingProgram(t *testing.T) {
	t.Parallel()
	if err := Start(exec.Command("/nonexistent/program"), syscall.SIGTERM); err == nil {
		t.Error("a program that does not exist was started")
	}
}
