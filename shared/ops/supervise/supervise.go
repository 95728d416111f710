// Package supervise runs functions as processes of their own, for those who stand in for systemd: the local runtime and the
// stress. Each has its socket held for it, and is started again whenever it dies.
package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"minifb/shared/ops/spawn"
)

const (
	longestPause = 1500 * time.Millisecond // before a restart: with the start itself, less than 2 s
	settled      = 10 * time.Second        // one that ran this long is restarted at once when it dies
	falseStarts  = 3                       // deaths before it was ever ready that we wait for
	logLimit     = 10 << 20                // bytes; a longer log is put aside at the start
)

// inherited are those variables of ours that a function gets too.
var inherited = []string{"PATH", "HOME", "LANG", "TZ"}

// A Spec is how to run a function.
type Spec struct {
	Area   string
	Binary string   // its path
	Socket string   // of at most 107 bytes; is made, and removed at the end
	Log    string   // the file that its output is added to; from 10 MiB on it is put aside at the start
	Env    []string // all of its environment but PATH, HOME, LANG and TZ, which are ours
	Say    func(format string, args ...any)
}

// A Function is a process that is started again whenever it dies. We hold its socket: connections made while it is
// away wait for the next process. It is safe for concurrent use.
type Function struct {
	Spec

	listener *net.UnixListener
	passed   *os.File
	output   *os.File
	logged   int64         // bytes of the log before we began
	ended    chan struct{} // closed when it is stopped and its process gone

	mu       sync.Mutex
	process  *os.Process   // nil between two
	gone     chan struct{} // closed when that process has ended
	stopping bool
	stop     chan struct{}
	deaths   int
	died     time.Time // the last of them
}

// Start listens on the function's socket and starts it. It returns before the function is ready.
func Start(s Spec) (*Function, error) {
	if err := os.Remove(s.Socket); err != nil && !errors.Is(err, os.ErrNotExist) { // of a run that was killed
		return nil, fmt.Errorf("clear up after an earlier run: %w", err)
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: s.Socket, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen for the function %s: %w", s.Area, err)
	}
	passed, err := listener.File()
	if err != nil {
		return nil, fmt.Errorf("listen for the function %s: %w", s.Area, err)
	}
	output, err := OpenLog(s.Log)
	if err != nil {
		return nil, err
	}
	f := &Function{Spec: s, listener: listener, passed: passed, output: output, ended: make(chan struct{}), stop: make(chan struct{})}
	if info, err := output.Stat(); err == nil {
		f.logged = info.Size()
	}
	go f.supervise()
	return f, nil
}

// supervise keeps a process running until the function is stopped.
func (f *Function) supervise() {
	defer close(f.ended)
	defer f.output.Close()
	defer f.passed.Close()
	defer f.listener.Close()
	pause := time.Duration(0)
	for {
		begun := time.Now()
		cmd, err := f.start()
		if cmd != nil {
			err = cmd.Wait()
		}
		f.mu.Lock()
		f.deaths++
		f.died = time.Now()
		if f.process != nil {
			f.process = nil
			close(f.gone)
		}
		stopping := f.stopping
		f.mu.Unlock()
		if stopping {
			return
		}
		if time.Since(begun) > settled {
			pause = 0
		}
		f.Say("%s died (%v); starting it again%s", f.Area, describe(err), after(pause))
		select {
		case <-f.stop:
			return
		case <-time.After(pause):
		}
		pause = min(max(2*pause, 100*time.Millisecond), longestPause)
	}
}

func describe(err error) string {
	if err == nil {
		return "it ended by itself"
	}
	return err.Error()
}

func after(pause time.Duration) string {
	if pause == 0 {
		return ""
	}
	return " in " + pause.String()
}

// start starts one process; nil without an error if the function is being stopped.
func (f *Function) start() (*exec.Cmd, error) {
	// systemd's protocol wants the process's own number in LISTEN_PID, which nobody knows before it is there. The shell
	// becomes the function, so that both have the same.
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$; export LISTEN_PID; exec "$0"`, f.Binary)
	env := append([]string{"LISTEN_FDS=1", "LISTEN_FDNAMES=" + f.Area}, f.Env...)
	for _, variable := range cmd.Environ() {
		if name, _, _ := strings.Cut(variable, "="); slices.Contains(inherited, name) {
			env = append(env, variable)
		}
	}
	cmd.Env = env
	cmd.ExtraFiles = []*os.File{f.passed}
	cmd.Stdout, cmd.Stderr = f.output, f.output
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopping {
		return nil, nil
	}
	if err := spawn.Start(cmd, syscall.SIGTERM); err != nil {
		return nil, err
	}
	f.process, f.gone = cmd.Process, make(chan struct{})
	return cmd, nil
}

// AwaitReady waits until the function's /readyz answers 200. It gives up after atMost, or when the function dies again and
// again; its error then holds the end of the log.
func (f *Function) AwaitReady(ctx context.Context, atMost time.Duration) error {
	client := http.Client{Timeout: atMost, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", f.Socket)
		},
	}}
	deadline := time.Now().Add(atMost)
	limited, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	said := "nothing"
	f.mu.Lock()
	earlier := f.deaths
	f.mu.Unlock()
	for {
		// The socket is ours and always takes connections; so give a function that dies a chance to be noticed.
		attempt, done := context.WithTimeout(limited, 500*time.Millisecond)
		status, err := get(attempt, &client, "http://"+f.Area+"/readyz")
		done()
		f.mu.Lock()
		deaths := f.deaths
		f.mu.Unlock()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && status == http.StatusOK:
			return nil
		case deaths-earlier >= falseStarts:
			return fmt.Errorf("the function %s dies as soon as it starts; the end of %s:\n%s", f.Area, f.Log, tail(f.Log, f.logged))
		case time.Now().After(deadline):
			return fmt.Errorf("the function %s is not ready after %s (its /readyz answers %s); the end of %s:\n%s", f.Area, atMost, said, f.Log, tail(f.Log, f.logged))
		case err == nil:
			said = fmt.Sprint(status)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func get(ctx context.Context, client *http.Client, url string) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, errors.Join(err, resp.Body.Close())
}

// signal sends the function's process a signal, if there is one, and keeps it from being started again.
func (f *Function) signal(s syscall.Signal) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.stopping {
		f.stopping = true
		close(f.stop)
	}
	if f.process != nil && f.process.Signal(s) == nil {
		_ = syscall.Kill(-f.process.Pid, s) // what it has started, too; all of it may have just ended
	}
}

// Kill ends the function's process at once, and for good.
func (f *Function) Kill() { f.signal(syscall.SIGKILL) }

// Crash ends the function's process at once, as a failure would, and returns when it is gone; it is then started again. It
// answers the time of the last death: whatever is of a process of this function's and older is a dead one's.
func (f *Function) Crash() time.Time {
	f.mu.Lock()
	process, gone := f.process, f.gone
	if process != nil {
		_ = process.Kill() // it may have just ended
	}
	f.mu.Unlock()
	if process != nil {
		<-gone
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.died
}

// Stop lets functions drain, all at once, and kills those that have not ended in time.
func Stop(functions []*Function, atMost time.Duration) {
	for _, f := range functions {
		f.signal(syscall.SIGTERM)
	}
	late := time.After(atMost)
	for _, f := range functions {
		select {
		case <-f.ended:
		case <-late:
			for _, f := range functions {
				select {
				case <-f.ended:
				default:
					f.Say("%s does not drain; killing it", f.Area)
					f.Kill()
				}
			}
			late = nil
			<-f.ended
		}
	}
}

// OpenLog opens a log to add to; one that has grown too long is put aside first.
func OpenLog(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > logLimit {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, fmt.Errorf("put a long log aside: %w", err)
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open a log: %w", err)
	}
	return f, nil
}

// tail is the last lines of what a log holds after so many bytes.
func tail(path string, after int64) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	content = content[min(after, int64(len(content))):]
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}
