// Package programs runs other programs beside a test, and waits for what they do.
package programs

import (
	"bytes"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"minifb/shared/ops/host"
	"minifb/shared/ops/process"
)

// Run runs a program until the test ends, and shows its output if the test fails. The program's
// home is an empty folder; environment has its other variables.
func Run(t testing.TB, environment []string, program string, arguments ...string) {
	t.Helper()
	cmd := exec.Command(program, arguments...)
	cmd.Env = append(environment, "HOME="+t.TempDir())
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := process.Start(cmd, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s: %.5000s", program, output.String())
		}
	})
}

// Folder returns an empty folder that every user of the machine can reach, until the test ends. The one above that of
// t.TempDir is private.
func Folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mf") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // what is in it is private
		t.Fatal(err)
	}
	return dir
}

// FreeAddress returns a TCP address of this machine at which nothing listened a moment ago.
func FreeAddress(t testing.TB) string {
	t.Helper()
	address, err := host.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// patience is how long a condition may take to come true, on a busy machine.
const patience = 3 * time.Minute

// Until waits until a condition holds. what names it, for the failure of the test after three
// minutes.
func Until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %v it still does not hold: %s", patience, what)
		}
	}
}
