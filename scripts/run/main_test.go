package main

import (
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// isRun names the variable that makes the test binary act as this program.
const isRun = "RUN_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(isRun) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// make run outlives the terminal in which it was started, and stops in order when it is told to.
func TestAClosedTerminalDoesNotEndTheBundle(t *testing.T) {
	t.Parallel()
	database, err := net.Listen("tcp", "127.0.0.1:0") // that never responds: make run waits for it
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), isRun+"=1", "GOCOVERDIR="+t.TempDir(), "DATA_DIR="+t.TempDir(),
		"DATABASE_URL=postgres://minifb@"+database.Addr().String()+"/minifb?sslmode=disable")
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := database.Accept(); err != nil {
		t.Fatal(err)
	}
	for _, signal := range []os.Signal{syscall.SIGHUP, syscall.SIGTERM} {
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
	}
	text, err := io.ReadAll(output)
	if err != nil || !strings.Contains(string(text), "stopped\n") {
		t.Errorf("it printed %q, %v", text, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
