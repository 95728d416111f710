package lambdatest

import (
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

// Start starts a binary with these variables alone, beside those of Lambda itself. End it by Shutdown or Kill.
func Start(binary string, environment ...string) (*Instance, error) {
	runtime, err := NewRuntime()
	if err != nil {
		return nil, err
	}
	// A file and no pipe: what the process has written is there as soon as it has written it.
	log, err := os.CreateTemp("", "lambdatest")
	if err != nil {
		_ = runtime.Close()
		return nil, fmt.Errorf("log of %s: %w", binary, err)
	}
	_ = os.Remove(log.Name())
	i := &Instance{Runtime: runtime, command: exec.Command(binary), log: log, exited: make(chan struct{})}
	i.command.Env = append([]string{"AWS_LAMBDA_RUNTIME_API=" + runtime.Address, "AWS_LAMBDA_FUNCTION_NAME=minifb"}, environment...)
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

// Thaw lets it go on.
func (i *Instance) Thaw() error { return i.command.Process.Signal(syscall.SIGCONT) }

// Shutdown ends the process as Lambda ends one that has registered for it, by SIGTERM, and answers how it exited.
func (i *Instance) Shutdown() error {
	_ = i.Thaw()
	if err := i.command.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	<-i.exited
	return i.err
}

// Kill ends the process at once.
func (i *Instance) Kill() {
	_ = i.command.Process.Kill()
	<-i.exited
	_ = i.log.Close()
}

// Log is what the process has written so far, which is what CloudWatch would hold. It may be read until Kill.
func (i *Instance) Log() (string, error) {
	text, err := io.ReadAll(io.NewSectionReader(i.log, 0, 1<<30))
	return string(text), err
}
