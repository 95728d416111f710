// Package spawn starts processes that do not outlive the one that starts them.
package spawn

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// Start starts cmd in a process group of its own, so that a Ctrl-C in the terminal reaches this process alone and the order of
// stopping stays ours. Where this process dies without stopping it, be it by SIGKILL, the child gets the signal last; that
// takes Linux, elsewhere the child lives on. Errors are those of exec.Cmd.Start.
func Start(cmd *exec.Cmd, last syscall.Signal) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	atParentDeath(cmd.SysProcAttr, last)
	done := make(chan error)
	thread() <- func() { done <- cmd.Start() }
	return <-done
}

// thread runs what it is sent on one thread that never ends: to the kernel a child's parent is the thread that made it,
// and Go ends idle ones.
var thread = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})
