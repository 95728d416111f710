package lambdatest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"minifb/shared/ops/process"
)

// An Instance is one process of a function on Lambda.
type Instance struct {
	*Runtime
	command *exec.Cmd
	log     *os.File
	exited  chan struct{}
	err     error // how it exited
}

// Start starts a binary with these environment variables and those of Lambda. End it by Kill,
// after Shutdown if wanted.
func Start(binary string, environment ...string) (*Instance, error) {
	runtime, err := NewRuntime()
	if err != nil {
		return nil, err
	}
	// A file instead of a pipe, so that Log has a line as soon as the process has written it.
	log, err := os.CreateTemp("", "lambdatest")
	if err != nil {
		_ = runtime.Close()
		return nil, fmt.Errorf("log of %s: %w", binary, err)
	}
	_ = os.Remove(log.Name())
	i := &Instance{Runtime: runtime, command: exec.Command(binary), log: log, exited: make(chan struct{})}
	lambda := []string{"AWS_LAMBDA_RUNTIME_API=" + runtime.Address, "AWS_LAMBDA_FUNCTION_NAME=minifb"}
	i.command.Env = append(lambda, environment...)
	i.command.Stdout, i.command.Stderr = log, log
	if err := process.Start(i.command, syscall.SIGKILL); err != nil {
		_, _ = runtime.Close(), log.Close()
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	go func() {
		i.err = i.command.Wait()
		_ = runtime.Close()
		close(i.exited)
	}()
	return i, nil
}

// Freeze stops the process where it is, as Lambda does between invocations.
func (i *Instance) Freeze() error { return i.command.Process.Signal(syscall.SIGSTOP) }

// Thaw continues a frozen process.
func (i *Instance) Thaw() error { return i.command.Process.Signal(syscall.SIGCONT) }

// Shutdown ends the process by SIGTERM, and returns how it exited. It returns an error if no extension is
// registered: Lambda then ends the process by SIGKILL.
func (i *Instance) Shutdown() error {
	if !i.Runtime.extended.Load() {
		return errors.New("shut down: Lambda was not asked for a SIGTERM")
	}
	_ = i.Thaw()
	if err := i.command.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	<-i.exited
	return i.err
}

// Kill kills the process and releases what Start has opened.
func (i *Instance) Kill() {
	_ = i.command.Process.Kill()
	<-i.exited
	_ = i.log.Close()
}

// Log returns what the process has written so far. It fails after Kill.
func (i *Instance) Log() (string, error) {
	text, err := io.ReadAll(io.NewSectionReader(i.log, 0, 1<<30))
	return string(text), err
}
