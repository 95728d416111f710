package process

import (
	"sync"
	"syscall"
	"time"
)

// Stop sends the process SIGTERM, so that it finishes the requests under way, and kills it if it
// has not exited after atMost.
func (u *Unit) Stop(atMost time.Duration) {
	u.orders.Lock()
	defer u.orders.Unlock()
	ended := u.end(syscall.SIGTERM)
	if ended == nil {
		return
	}
	select {
	case <-ended:
	case <-time.After(atMost):
		u.Logf("%s did not stop within %s; killing it", u.Name, atMost)
		u.end(syscall.SIGKILL)
		<-ended
	}
}

// StopAll stops several units at the same time, as Stop does.
func StopAll(units []*Unit, atMost time.Duration) {
	var all sync.WaitGroup
	for _, u := range units {
		all.Go(func() { u.Stop(atMost) })
	}
	all.Wait()
}

// Kill kills the process and all that it has started, and returns at once. The unit does not start
// another, and a Stop under way returns soon.
func (u *Unit) Kill() { u.end(syscall.SIGKILL) }

// end ends the run and sends its process group a signal. It returns the channel that is closed when
// the run is over; nil if the unit was never started.
func (u *Unit) end(s syscall.Signal) <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.run == nil {
		return nil
	}
	if !closed(u.run.stop) {
		close(u.run.stop)
	}
	// The first signal only asks whether the process, and so its group, still exists.
	if u.process != nil && u.process.Signal(syscall.Signal(0)) == nil {
		_ = syscall.Kill(-u.process.Pid, s) // it may have exited since
	}
	return u.run.ended
}

// Crash kills the process, as a failure would, and returns when it is dead; the unit then restarts
// it. It returns the time of the last death: database sessions that this unit opened earlier belong
// to a dead process.
func (u *Unit) Crash() time.Time {
	u.mu.Lock()
	process, exited := u.process, u.exited
	if process != nil {
		_ = process.Kill() // it may have just exited
	}
	u.mu.Unlock()
	if process != nil {
		<-exited
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.died
}

// PID returns the id of the unit's process; 0 while there is none.
func (u *Unit) PID() int {
	pid, _ := u.State()
	return pid
}

// State returns the id of the unit's process, 0 while there is none, and when it was started.
func (u *Unit) State() (pid int, started time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.process == nil {
		return 0, u.started
	}
	return u.process.Pid, u.started
}
