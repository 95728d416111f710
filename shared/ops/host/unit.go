package host

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"minifb/shared/ops/spawn"
)

// A unit is one process at most, as a systemd service is.
type unit struct {
	name, area, root, binary string
	environment              []string
	passed                   *os.File // the area's socket; nil where it listens itself
	listen                   string   // where
	keep                     bool     // start it again when it dies
	patience                 time.Duration

	orders sync.Mutex // one start or stop at a time

	mu      sync.Mutex
	process *os.Process
	since   time.Time
	wanted  bool
	ended   chan struct{} // closed when no process is there and none will be
}

// String is the unit's line in a list.
func (u *unit) String() string {
	pid, since := u.state()
	if pid == 0 {
		return u.name + " inactive 0 -"
	}
	return fmt.Sprintf("%s active %d %s", u.name, pid, since.UTC().Format(time.RFC3339))
}

func (u *unit) state() (pid int, since time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.process == nil {
		return 0, u.since
	}
	return u.process.Pid, u.since
}

// start starts the unit and waits until it is ready. Where its process ends before, that is an error; one that is to be kept running
// is tried again all the same.
func (u *unit) start() error {
	u.orders.Lock()
	defer u.orders.Unlock()
	ready, failed := u.begin()
	select {
	case <-ready:
		return nil
	case <-failed:
		return fmt.Errorf("%s ended before it was ready; see %s", u.name, u.log())
	case <-time.After(u.patience):
		<-u.end(syscall.SIGKILL)
		return fmt.Errorf("%s was not ready within %s; see %s", u.name, u.patience, u.log())
	}
}

// begin starts the unit if it does not run. ready is closed when a process says that it is, failed when the first one ends
// before that.
func (u *unit) begin() (ready, failed chan struct{}) {
	ready, failed = make(chan struct{}), make(chan struct{})
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.wanted {
		close(ready)
		return ready, failed
	}
	u.wanted = true
	u.ended = make(chan struct{})
	go u.supervise(sync.OnceFunc(func() { close(ready) }), failed, u.ended)
	return ready, failed
}

func (u *unit) supervise(ready func(), failed, ended chan struct{}) {
	defer close(ended)
	for first := true; ; first = false {
		err := u.once(ready)
		if first {
			close(failed) // nobody looks once it was ready
		}
		u.mu.Lock()
		u.process = nil
		again := u.keep && u.wanted
		if !again {
			u.wanted = false
		}
		u.mu.Unlock()
		if !again {
			return
		}
		fmt.Fprintf(os.Stderr, "%s ended (%v); starting it again\n", u.name, err)
		time.Sleep(restartPause)
	}
}

// once runs one process to its end.
func (u *unit) once(ready func()) error {
	notify := filepath.Join(u.root, Run, u.name+".notify")
	_ = os.Remove(notify)
	words, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: notify, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer words.Close()
	go func() {
		word := make([]byte, 4096)
		for {
			n, err := words.Read(word)
			if err != nil {
				return
			}
			if strings.Contains(string(word[:n]), "READY=1") {
				ready()
			}
		}
	}()
	log, err := os.OpenFile(u.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	// LISTEN_PID is the process's own number, which only it can know. The shell becomes the function and keeps it.
	cmd := exec.Command("/bin/sh", "-c", `[ -z "$LISTEN_FDS" ] || export LISTEN_PID=$$; exec "$0"`, u.binary)
	cmd.Env = append(append(append(cmd.Env, u.environment...), settings(filepath.Join(u.root, Settings, "minifb.env"))...),
		settings(filepath.Join(u.root, Settings, u.area+".env"))...)
	cmd.Env = append(cmd.Env, "NOTIFY_SOCKET="+notify)
	if u.passed != nil {
		cmd.ExtraFiles = []*os.File{u.passed}
		cmd.Env = append(cmd.Env, "LISTEN_FDS=1")
	} else {
		cmd.Env = append(cmd.Env, "LISTEN="+u.listen)
	}
	cmd.Stdout, cmd.Stderr = log, log
	u.mu.Lock()
	if !u.wanted {
		u.mu.Unlock()
		return errors.New("it was stopped")
	}
	err = spawn.Start(cmd, syscall.SIGTERM)
	if err == nil {
		u.process, u.since = cmd.Process, time.Now()
	}
	u.mu.Unlock()
	if err != nil {
		return err
	}
	return cmd.Wait()
}

// stop lets the process drain, and kills it where it takes too long.
func (u *unit) stop() {
	u.orders.Lock()
	defer u.orders.Unlock()
	ended := u.end(syscall.SIGTERM)
	if ended == nil {
		return
	}
	select {
	case <-ended:
	case <-time.After(stopTimeout):
		u.end(syscall.SIGKILL)
		<-ended
	}
}

func (u *unit) end(signal syscall.Signal) <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.wanted = false
	if u.process != nil {
		_ = u.process.Signal(signal) // it may have just ended
	}
	return u.ended
}

func (u *unit) log() string { return filepath.Join(u.root, Logs, u.area+".log") }
