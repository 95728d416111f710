package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const readyTimeLimit = 20 * time.Second

// A recorder keeps what a unit logs.
type recorder struct {
	mu    sync.Mutex
	lines []string
}

func (r *recorder) logf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "\n")
}

// newUnit returns a unit whose process behaves in this way, with a socket that is held for it.
func newUnit(t *testing.T, how string, log *recorder) *Unit {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "run") // the path of t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	socket, err := Listen(filepath.Join(dir, "post.sock"))
	if err != nil {
		t.Fatal(err)
	}
	u := New(Options{
		Name: "post", Binary: self, Socket: socket, Log: filepath.Join(dir, "post.log"), Restart: true, Logf: log.logf,
		// When coverage is measured, a child without GOCOVERDIR writes a warning to its log.
		Env: func() []string { return []string{behaviour + "=" + how, "OWN=yes", "GOCOVERDIR=" + dir} },
	})
	t.Cleanup(func() {
		u.Kill()
		u.Stop(time.Minute)
		_ = socket.Close()
		os.RemoveAll(dir)
	})
	return u
}

func startUnit(t *testing.T, how string, log *recorder) *Unit {
	t.Helper()
	u := newUnit(t, how, log)
	if err := u.Start(); err != nil {
		t.Fatal(err)
	}
	return u
}

func awaitReady(t *testing.T, units ...*Unit) {
	t.Helper()
	for _, u := range units {
		if err := u.AwaitReady(t.Context(), readyTimeLimit); err != nil {
			t.Fatal(err)
		}
	}
}

func fetch(t *testing.T, u *Unit, path string) string {
	t.Helper()
	client := u.client()
	client.Timeout = 20 * time.Second
	resp, err := client.Get("http://post" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestAKilledProcessIsReplacedAndNoConnectionIsRefused(t *testing.T) {
	t.Parallel()
	log := &recorder{}
	u := startUnit(t, "serves", log)
	awaitReady(t, u)
	first := fetch(t, u, "/pid")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatalf("%q is not a process id", first)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for u.PID() == pid {
		time.Sleep(time.Millisecond)
	}
	begun := time.Now()
	if second := fetch(t, u, "/pid"); second == first {
		t.Errorf("the killed process %s responds", second)
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("the restart took %s, more than 2 s", took)
	}
	if got, want := log.String(), "post died (signal: killed); starting it again in 0s"; got != want {
		t.Errorf("logged %q, want %q", got, want)
	}
}

// However often a unit is crashed, that is not mistaken for a process that cannot start.
func TestCrash(t *testing.T) {
	t.Parallel()
	u := startUnit(t, "serves", &recorder{})
	for range maxFalseStarts + 1 {
		awaitReady(t, u)
		pid := fetch(t, u, "/pid")
		before := time.Now()
		if died := u.Crash(); died.Before(before) || died.After(time.Now()) {
			t.Errorf("the time of death is %s, but the process was killed after %s", died, before)
		}
		if again := fetch(t, u, "/pid"); again == pid {
			t.Errorf("process %s still responds", pid)
		}
	}
}

func TestPauseBeforeRestarts(t *testing.T) {
	t.Parallel()
	log := &recorder{}
	u := startUnit(t, "dies", log)
	want := "post died (exit status 3); starting it again in 0s\n" +
		"post died (exit status 3); starting it again in 100ms\n" +
		"post died (exit status 3); starting it again in 200ms"
	for end := time.Now().Add(readyTimeLimit); !strings.HasPrefix(log.String(), want); {
		if time.Now().After(end) {
			t.Fatalf("logged %q, want %q", log, want)
		}
		time.Sleep(10 * time.Millisecond)
	}
	u.Stop(time.Minute)
	before := log.String()
	time.Sleep(500 * time.Millisecond)
	if got := log.String(); got != before {
		t.Errorf("a stopped unit logged %q", strings.TrimPrefix(got, before))
	}
}

func TestEnvironmentIsTheGivenOne(t *testing.T) {
	t.Parallel()
	u := startUnit(t, "serves", &recorder{})
	for line := range strings.SplitSeq(fetch(t, u, "/env"), "\n") {
		switch name, value, _ := strings.Cut(line, "="); name {
		case "OWN", behaviour, "GOCOVERDIR", "PATH", "HOME", "LANG", "TZ":
			if value == "" && name != "TZ" {
				t.Errorf("%s is empty", name)
			}
		case "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES": // the protocol's
		case "PWD", "OLDPWD", "SHLVL", "_": // the shell's
		default:
			t.Errorf("the process also has %s", line)
		}
	}
}

func TestStopDrains(t *testing.T) {
	t.Parallel()
	log := &recorder{}
	u := startUnit(t, "serves", log)
	awaitReady(t, u)
	u.Stop(10 * time.Second)
	if got := tail(u.Log, 0); got != "drained" {
		t.Errorf("the process's log is %q, want %q", got, "drained")
	}
	if log.String() != "" {
		t.Errorf("logged %q, want nothing", log)
	}
	if pid := u.PID(); pid != 0 {
		t.Errorf("the process id is %d after the stop, want 0", pid)
	}
	if err := u.Socket.Close(); err != nil {
		t.Errorf("close the socket: %v", err)
	}
	if _, err := os.Stat(u.Socket.path); err == nil {
		t.Error("the socket still exists")
	}
}

func TestAProcessThatIgnoresSIGTERMIsKilled(t *testing.T) {
	t.Parallel()
	log := &recorder{}
	ignores, drains := startUnit(t, "ignores SIGTERM", log), startUnit(t, "serves", log)
	awaitReady(t, ignores, drains)
	StopAll([]*Unit{ignores, drains}, 2*time.Second)
	if got := tail(drains.Log, 0); got != "drained" {
		t.Errorf("the log of the other process is %q, want %q", got, "drained")
	}
	if got, want := log.String(), "post did not stop within 2s; killing it"; got != want {
		t.Errorf("logged %q, want %q", got, want)
	}
}

func TestAStoppedUnitStartsAgain(t *testing.T) {
	t.Parallel()
	u := startUnit(t, "serves", &recorder{})
	awaitReady(t, u)
	first := fetch(t, u, "/pid")
	u.Stop(10 * time.Second)
	if err := u.Start(); err != nil {
		t.Fatal(err)
	}
	awaitReady(t, u)
	if second := fetch(t, u, "/pid"); second == first {
		t.Errorf("the stopped process %s responds", second)
	}
}

func TestAStaleSocketIsReplaced(t *testing.T) {
	t.Parallel()
	first := startUnit(t, "serves", &recorder{})
	awaitReady(t, first)
	socket, err := Listen(first.Socket.path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(socket.path); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("others than the owner and the group may connect: %v, %v", info.Mode(), err)
	}
	o := first.Options
	o.Socket = socket
	second := New(o)
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { second.Kill(); second.Stop(time.Minute) }()
	awaitReady(t, second)
	if got := fetch(t, second, "/pid"); got != strconv.Itoa(second.PID()) {
		t.Errorf("process %s responds, want %d", got, second.PID())
	}
}

func TestALongLogIsRotated(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "post.log")
	if err := os.WriteFile(path, make([]byte, maxLog+1), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := OpenLog(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() != 0 || info.Mode() != 0o600 {
		t.Errorf("the new log has %d bytes and the mode %v, %v; want 0 bytes, for the owner alone", info.Size(),
			info.Mode(), err)
	}
	if _, err := os.Stat(path + ".old"); errors.Is(err, os.ErrNotExist) {
		t.Error("the old log was not kept")
	}
}
