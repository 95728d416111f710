package process

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	maxPause = 1500 * time.Millisecond // before a restart; with the start itself, less than 2 s
	stable   = 10 * time.Second        // a process that ran this long is restarted without a pause
)

// inherited are the variables that every unit's process gets from this one.
var inherited = []string{"PATH", "HOME", "LANG", "TZ"}

// Options describe a unit. Name, Binary, Env, Log, Logf and one of Socket and Listen must be set.
type Options struct {
	Name    string          // in messages, and the name of the passed socket
	Binary  string          // the program's path
	Env     func() []string // returns the environment of the next process, besides the inherited variables
	Socket  *Socket         // passed to the process by systemd's protocol
	Listen  string          // the path of the socket that the process itself creates; in its variable LISTEN
	Notify  string          // the path of the socket on which the process reports READY=1; needed for StartNotified
	Log     string          // the file to which the process's output is appended
	Restart bool            // whether a process that dies is replaced
	Logf    func(format string, args ...any)
}

// A Unit is at most one process. It is safe for concurrent use.
type Unit struct {
	Options

	orders sync.Mutex // held by one start or stop at a time

	mu      sync.Mutex
	run     *run          // the current one, or the last; nil before the first
	process *os.Process   // nil while there is none
	exited  chan struct{} // closed when that process has exited
	started time.Time     // when that process, or the last, was started
	deaths  int
	died    time.Time // when the last process died
}

// A run begins when the unit is started, and ends when it was stopped and its process has exited.
type run struct {
	log     *os.File
	skip    int64         // bytes of the log before the run
	notices *net.UnixConn // nil without Options.Notify
	stop    chan struct{} // closed when the unit is to stop
	ready   chan struct{} // closed when a process has reported READY=1
	failed  chan struct{} // closed when the first process has exited before that
	ended   chan struct{} // closed when the run is over
}

// New returns a unit that is not started yet.
func New(o Options) *Unit { return &Unit{Options: o} }

// Start starts the unit, unless it runs already, and returns at once.
func (u *Unit) Start() error {
	u.orders.Lock()
	defer u.orders.Unlock()
	_, err := u.begin()
	return err
}

// StartNotified starts the unit and returns when a process has reported that it is ready. It is an
// error if the first process exits before that, or is not ready within atMost; the latter also stops
// the unit.
func (u *Unit) StartNotified(atMost time.Duration) error {
	u.orders.Lock()
	defer u.orders.Unlock()
	r, err := u.begin()
	if err != nil {
		return err
	}
	select {
	case <-r.ready:
		return nil
	case <-r.failed:
		if !u.Restart {
			<-r.ended
		}
		return fmt.Errorf("%s exited before it was ready; see %s", u.Name, u.Log)
	case <-time.After(atMost):
		u.end(syscall.SIGKILL)
		<-r.ended
		return fmt.Errorf("%s was not ready within %s; see %s", u.Name, atMost, u.Log)
	}
}

// begin returns the run under way, or a new one.
func (u *Unit) begin() (*run, error) {
	u.mu.Lock()
	r := u.run
	u.mu.Unlock()
	if r != nil {
		if !closed(r.stop) && !closed(r.ended) {
			return r, nil
		}
		<-r.ended
	}
	r = &run{
		stop: make(chan struct{}), ready: make(chan struct{}),
		failed: make(chan struct{}), ended: make(chan struct{}),
	}
	if err := r.open(u.Options); err != nil {
		return nil, fmt.Errorf("start %s: %w", u.Name, err)
	}
	u.mu.Lock()
	u.run = r
	u.mu.Unlock()
	go u.supervise(r)
	return r, nil
}

// open opens the log and the socket for notifications.
func (r *run) open(o Options) (err error) {
	if r.log, err = OpenLog(o.Log); err != nil {
		return err
	}
	if info, err := r.log.Stat(); err == nil {
		r.skip = info.Size()
	}
	if o.Notify == "" {
		return nil
	}
	_ = os.Remove(o.Notify) // a killed process may have left it
	if r.notices, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: o.Notify, Net: "unixgram"}); err != nil {
		r.log.Close()
		return err
	}
	go r.receive()
	return nil
}

// receive reads what the unit's processes report, until notices is closed.
func (r *run) receive() {
	buffer := make([]byte, 4096)
	for {
		n, err := r.notices.Read(buffer)
		if err != nil {
			return
		}
		if !closed(r.ready) && slices.Contains(strings.Split(string(buffer[:n]), "\n"), "READY=1") {
			close(r.ready)
		}
	}
}

func (r *run) close(o Options) {
	r.log.Close()
	if r.notices != nil {
		r.notices.Close()
		_ = os.Remove(o.Notify)
	}
	close(r.ended)
}

// supervise runs one process after the other until the unit is stopped.
func (u *Unit) supervise(r *run) {
	defer r.close(u.Options)
	pause := time.Duration(0)
	for first := true; ; first = false {
		begun := time.Now()
		err := u.runProcess(r)
		u.recordDeath()
		if first && !closed(r.ready) {
			close(r.failed)
		}
		if !u.Restart || closed(r.stop) {
			return
		}
		if time.Since(begun) > stable {
			pause = 0
		}
		u.Logf("%s died (%v); starting it again in %s", u.Name, err, pause)
		select {
		case <-r.stop:
			return
		case <-time.After(pause):
		}
		pause = min(max(2*pause, 100*time.Millisecond), maxPause)
	}
}

// runProcess runs one process until it exits, and returns how it exited.
func (u *Unit) runProcess(r *run) error {
	// The protocol wants the process's own id in LISTEN_PID, which is known only once it runs. The
	// shell sets it, and then becomes the program under the same id.
	cmd := exec.Command("/bin/sh", "-c", `[ -z "$LISTEN_FDS" ] || export LISTEN_PID=$$; exec "$0"`, u.Binary)
	cmd.Env = u.environment()
	if u.Socket != nil {
		cmd.ExtraFiles = []*os.File{u.Socket.file}
	}
	cmd.Stdout, cmd.Stderr = r.log, r.log
	u.mu.Lock()
	if closed(r.stop) {
		u.mu.Unlock()
		return nil
	}
	err := Start(cmd, syscall.SIGTERM)
	if err == nil {
		u.process, u.exited, u.started = cmd.Process, make(chan struct{}), time.Now()
	}
	u.mu.Unlock()
	if err != nil {
		return err
	}
	_ = cmd.Wait() // the state says the same
	return errors.New(cmd.ProcessState.String())
}

func (u *Unit) environment() (variables []string) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); slices.Contains(inherited, name) {
			variables = append(variables, variable)
		}
	}
	variables = append(variables, u.Env()...)
	if u.Socket != nil {
		variables = append(variables, "LISTEN_FDS=1", "LISTEN_FDNAMES="+u.Name)
	} else {
		variables = append(variables, "LISTEN=unix:"+u.Listen)
	}
	if u.Notify != "" {
		variables = append(variables, "NOTIFY_SOCKET="+u.Notify)
	}
	return variables
}

// recordDeath notes that a process has exited, or could not be started.
func (u *Unit) recordDeath() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.deaths++
	u.died = time.Now()
	if u.process != nil {
		u.process = nil
		close(u.exited)
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
