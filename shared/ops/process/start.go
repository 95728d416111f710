// Package process runs child processes: single ones that do not outlive this process, and units,
// which are restarted when they die, as systemd restarts a service.
package process

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// Start starts cmd in a process group of its own, so that Ctrl-C in a terminal reaches only this
// process, which then stops its children in order. If this process dies first, even by SIGKILL, the
// kernel sends the signal atDeath to the child. That is Linux only; elsewhere the child keeps
// running. The errors are those of exec.Cmd.Start.
func Start(cmd *exec.Cmd, atDeath syscall.Signal) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	setParentDeathSignal(cmd.SysProcAttr, atDeath)
	started := make(chan error)
	starter() <- func() { started <- cmd.Start() }
	return <-started
}

// starter runs the functions it is sent on one thread that never ends. To the kernel, a child's
// parent is the thread that started it, and the Go runtime ends idle threads.
var starter = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})
