package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
)

const readyTimeout = 20 * time.Second

// The test binary plays a function where this says how that one behaves.
const helper = "SUPERVISE_TEST_FUNCTION"

func TestMain(m *testing.M) {
	switch os.Getenv(helper) {
	case "":
		os.Exit(m.Run())
	case "dies":
		fmt.Fprintln(os.Stderr, "no such thing")
		os.Exit(3)
	case "hangs":
		time.Sleep(time.Minute)
	case "deaf":
		signal.Ignore(syscall.SIGTERM)
		play()
	default:
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		go play() // after that: who finds it ready may stop it
		<-stop
		fmt.Fprintln(os.Stderr, "drained")
	}
}

// play serves on the socket that systemd's protocol passes.
func play() {
	listeners, err := activation.Listeners()
	if err != nil || len(listeners) != 1 {
		fmt.Fprintln(os.Stderr, "no socket was passed:", listeners, err)
		os.Exit(1)
	}
	listeners[0].(*net.UnixListener).SetUnlinkOnClose(false)
	http.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if os.Getenv(helper) == "unready" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	http.HandleFunc("/pid", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, os.Getpid()) })
	http.HandleFunc("/env", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Join(os.Environ(), "\n")) })
	fmt.Fprintln(os.Stderr, http.Serve(listeners[0], nil))
}

// A teller keeps what was said.
type teller struct {
	mu    sync.Mutex
	lines []string
}

func (l *teller) say(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func (l *teller) said() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

func startHelper(t *testing.T, behaviour string, said *teller) *Function {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "run") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	f, err := Start(Spec{
		Area: "post", Binary: self, Socket: filepath.Join(dir, "post.sock"), Log: filepath.Join(dir, "post.log"),
		// Where coverage is measured, a child without GOCOVERDIR says so in its log.
		Env: []string{helper + "=" + behaviour, "OWN=yes", "GOCOVERDIR=" + dir}, Say: said.say,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.Kill()
		<-f.ended
		os.RemoveAll(dir)
	})
	return f
}

func fetch(t *testing.T, f *Function, path string) string {
	t.Helper()
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", f.Socket) },
	}}
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

func TestAKilledFunctionIsBackAndRefusesNobody(t *testing.T) {
	t.Parallel()
	said := &teller{}
	f := startHelper(t, "serves", said)
	if err := f.AwaitReady(t.Context(), readyTimeout); err != nil {
		t.Fatal(err)
	}
	first := fetch(t, f, "/pid")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatalf("%q is no process", first)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for f.running() == pid {
		time.Sleep(time.Millisecond)
	}
	begun := time.Now()
	if second := fetch(t, f, "/pid"); second == first {
		t.Errorf("process %s answers, which was killed", second)
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("it was back after %s", took)
	}
	if got := said.said(); got != "post died (signal: killed); starting it again" {
		t.Errorf("said %q", got)
	}
}

// However often a function is crashed, that is not taken for one that cannot start.
func TestCrash(t *testing.T) {
	t.Parallel()
	f := startHelper(t, "serves", &teller{})
	for range falseStarts + 1 {
		if err := f.AwaitReady(t.Context(), readyTimeout); err != nil {
			t.Fatal(err)
		}
		pid := fetch(t, f, "/pid")
		before := time.Now()
		if died := f.Crash(); died.Before(before) || died.After(time.Now()) {
			t.Errorf("it died at %s, and was crashed after %s", died, before)
		}
		if again := fetch(t, f, "/pid"); again == pid {
			t.Errorf("process %s still answers", pid)
		}
	}
}

// running is the process's number, 0 between two.
func (f *Function) running() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.process == nil {
		return 0
	}
	return f.process.Pid
}

func TestEnvironmentIsTheGivenOne(t *testing.T) {
	t.Parallel()
	f := startHelper(t, "serves", &teller{})
	for line := range strings.SplitSeq(fetch(t, f, "/env"), "\n") {
		switch name, value, _ := strings.Cut(line, "="); name {
		case "OWN", helper, "GOCOVERDIR", "PATH", "HOME", "LANG", "TZ":
			if value == "" && name != "TZ" {
				t.Errorf("%s is empty", name)
			}
		case "PWD", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "SHLVL", "_", "OLDPWD": // the protocol's and the shell's
		default:
			t.Errorf("the function also has %s", line)
		}
	}
}

func TestStopDrainsAndRemovesTheSocket(t *testing.T) {
	t.Parallel()
	said := &teller{}
	f := startHelper(t, "serves", said)
	if err := f.AwaitReady(t.Context(), readyTimeout); err != nil {
		t.Fatal(err)
	}
	Stop([]*Function{f}, 10*time.Second)
	if got := tail(f.Log, 0); got != "drained" {
		t.Errorf("the function's log is %q", got)
	}
	if _, err := os.Stat(f.Socket); err == nil {
		t.Error("the socket is still there")
	}
	if said.said() != "" {
		t.Errorf("said %q", said.said())
	}
}

func TestADeafFunctionIsKilled(t *testing.T) {
	t.Parallel()
	said := &teller{}
	deaf, good := startHelper(t, "deaf", said), startHelper(t, "serves", said)
	for _, f := range []*Function{deaf, good} {
		if err := f.AwaitReady(t.Context(), readyTimeout); err != nil {
			t.Fatal(err)
		}
	}
	Stop([]*Function{deaf, good}, 2*time.Second)
	if got := tail(good.Log, 0); got != "drained" {
		t.Errorf("the one that listens was not left to drain: %q", got)
	}
	if got := said.said(); got != "post does not drain; killing it" {
		t.Errorf("said %q", got)
	}
}

func TestNeverReady(t *testing.T) {
	t.Parallel()
	for behaviour, want := range map[string]string{
		"dies":    "dies as soon as it starts; the end of",
		"hangs":   "(its /readyz answers nothing)",
		"unready": "(its /readyz answers 503)",
	} {
		t.Run(behaviour, func(t *testing.T) {
			t.Parallel()
			f := startHelper(t, behaviour, &teller{})
			atMost := time.Second
			if behaviour == "dies" {
				atMost = readyTimeout
			}
			err := f.AwaitReady(t.Context(), atMost)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Fatalf("got %v, want %q", err, want)
			}
			if behaviour == "dies" && !strings.Contains(err.Error(), "no such thing") {
				t.Errorf("the log's end is not in %q", err)
			}
		})
	}
}

func TestAStaleSocketIsReplaced(t *testing.T) {
	t.Parallel()
	f := startHelper(t, "serves", &teller{})
	if err := f.AwaitReady(t.Context(), readyTimeout); err != nil {
		t.Fatal(err)
	}
	again, err := Start(f.Spec)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { again.Kill(); <-again.ended }()
	if err := again.AwaitReady(t.Context(), readyTimeout); err != nil {
		t.Fatal(err)
	}
	if got := fetch(t, again, "/pid"); got != strconv.Itoa(again.running()) {
		t.Errorf("process %s answers, not %d", got, again.running())
	}
}

func TestLongLogIsPutAside(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "post.log")
	if err := os.WriteFile(path, make([]byte, logLimit+1), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := OpenLog(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() != 0 {
		t.Errorf("the log begins with %d bytes, %v", info.Size(), err)
	}
	if _, err := os.Stat(path + ".old"); errors.Is(err, os.ErrNotExist) {
		t.Error("the old log is gone")
	}
}
