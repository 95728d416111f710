package host_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"

	"minifb/shared/ops/host"
	"minifb/shared/ops/process"
	"minifb/shared/ops/sam"
	"minifb/shared/testkit/programs"
)

// isFunction names the variable that makes the test binary act as a function, which responds with
// its process id and two of its variables.
const isFunction = "HOST_TEST_FUNCTION"

func TestMain(m *testing.M) {
	if os.Getenv(isFunction) == "" {
		os.Exit(m.Run())
	}
	var listener net.Listener
	passed, err := activation.Listeners()
	if err == nil && len(passed) == 1 {
		listener = passed[0]
	} else if listener, err = net.Listen("unix", strings.TrimPrefix(os.Getenv("LISTEN"), "unix:")); err != nil {
		os.Exit(1)
	}
	_, _ = daemon.SdNotify(false, daemon.SdNotifyReady)
	_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(os.Stderr, r.Method, r.URL.Path) // into the function's log
		fmt.Fprint(w, os.Getpid(), " ", os.Getenv("ODD"), " ", os.Getenv("HINT"))
	}))
}

const template = `
Parameters:
  Hint: {Type: String, Default: full}
Resources:
  Post:
    Type: AWS::Serverless::Function
    Metadata: {EverySeconds: 1}
    Properties:
      Environment: {Variables: {HINT: !Ref Hint}}
      Events:
        List: {Type: HttpApi, Properties: {Method: GET, Path: /post}}
        Keep: {Type: Schedule, Properties: {Schedule: rate(1 minute)}}
        Night: {Type: Schedule, Properties: {Schedule: "cron(0 3 * * ? *)"}}
`

// root returns a directory with a short path and a release of post: this test binary, or a script.
func root(t *testing.T, link, script string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mf")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	release(t, dir, link, script)
	return dir
}

func release(t *testing.T, dir, link, script string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if script == "" {
		script = isFunction + `=1 exec "` + self + `"`
	}
	to := filepath.Join(dir, host.Releases, "post", link)
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, "bootstrap"), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}

func start(t *testing.T, dir string) *host.Host {
	t.Helper()
	parsed, err := sam.Parse([]byte(template))
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.Start(dir, parsed, 3*time.Second, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Stop)
	return h
}

// pid returns the process id of the unit as a response of its function begins with it.
func pid(u *process.Unit) string { return fmt.Sprint(u.PID(), " ") }

// ask sends a request to one of the root's sockets and returns the status and the body of the
// response.
func ask(t *testing.T, dir, socket, method, path string) (int, string) {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", filepath.Join(dir, host.Run, socket))
		},
	}}
	request, err := http.NewRequestWithContext(t.Context(), method, "http://host"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestServesThroughRestartsAndCrashes(t *testing.T) {
	t.Parallel()
	dir := root(t, "current", "")
	if err := os.Mkdir(filepath.Join(dir, host.Settings), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"minifb.env": "# a comment\nODD=\"a b&c\"\nHINT=common\n", "post.env": "HINT='own'\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, host.Settings, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	post := start(t, dir).Unit("post")
	_, body := ask(t, dir, "post.sock", "GET", "/")
	first := post.PID()
	if want := fmt.Sprint(first, " a b&c own"); body != want {
		t.Errorf("the function returns %q, want %q", body, want)
	}
	if status, output := ask(t, dir, "control.sock", "POST", "/restart/post"); status != 200 {
		t.Fatalf("restart: %d %s", status, output)
	}
	second := post.PID()
	if _, body = ask(t, dir, "post.sock", "GET", "/"); second == first || !strings.HasPrefix(body, pid(post)) {
		t.Errorf("after a restart of %d, process %d returns %q", first, second, body)
	}
	if err := syscall.Kill(second, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// A request sent before the death is noticed may still reach the killed process.
	for post.PID() == second {
		time.Sleep(time.Millisecond)
	}
	if _, body = ask(t, dir, "post.sock", "GET", "/"); !strings.HasPrefix(body, pid(post)) {
		t.Errorf("after the crash of %d, process %d returns %q", second, post.PID(), body)
	}
	info, err := os.Stat(filepath.Join(dir, host.Run, "control.sock"))
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("others may give orders: control.sock has the mode %v", mode)
	}
	_, list := ask(t, dir, "control.sock", "GET", "/units")
	for _, want := range []string{"post active " + pid(post) + "2", "post-check inactive 0 -\n"} {
		if !strings.Contains(list, want) {
			t.Errorf("%q is not among the units\n%s", want, list)
		}
	}
}

func TestTheNextReleaseIsCheckedAtItsOwnSocket(t *testing.T) {
	t.Parallel()
	dir := root(t, "current", "")
	h := start(t, dir)
	check := h.Unit("post-check")
	release(t, dir, "next", "")
	if status, output := ask(t, dir, "control.sock", "POST", "/start/post-check"); status != 200 {
		t.Fatalf("start: %d %s", status, output)
	}
	if _, body := ask(t, dir, "post-check.sock", "GET", "/"); !strings.HasPrefix(body, pid(check)) {
		t.Errorf("process %d returns %q", check.PID(), body)
	}
	if log, err := os.ReadFile(filepath.Join(dir, host.Logs, "post-check.log")); string(log) != "GET /\n" {
		t.Errorf("the unit's own log is %q, %v", log, err)
	}
	if status, _ := ask(t, dir, "control.sock", "POST", "/stop/post-check"); status != 200 || check.PID() != 0 {
		t.Errorf("after a stop (%d) the process id is %d, want 0", status, check.PID())
	}
	if h.Unit("post").PID() == 0 {
		t.Error("the current release does not run")
	}
}

func TestSchedulesAreCalled(t *testing.T) {
	t.Parallel()
	dir := root(t, "current", "")
	start(t, dir)
	var log string
	programs.Until(t, "the schedule is called", func() bool {
		content, err := os.ReadFile(filepath.Join(dir, host.Logs, "post.log"))
		log = string(content)
		return err == nil && strings.Count(log, "POST /schedule/keep\n") >= 2
	})
	if strings.Contains(log, "/schedule/night") {
		t.Errorf("a schedule of 3 o'clock is called now:\n%s", log)
	}
}

func TestAFailedStartIsReported(t *testing.T) {
	t.Parallel()
	dir := root(t, "next", "exit 3")
	start(t, dir)
	for _, verb := range []string{"/start", "/restart"} {
		status, output := ask(t, dir, "control.sock", "POST", verb+"/post-next")
		if status != 500 || !strings.Contains(output, "exited before it was ready") {
			t.Errorf("%s of a process that exits: %d %s", verb, status, output)
		}
	}
	release(t, dir, "next", "exec sleep 60")
	status, output := ask(t, dir, "control.sock", "POST", "/start/post-next")
	if status != 500 || !strings.Contains(output, "not ready within") {
		t.Errorf("a process that hangs: %d %s", status, output)
	}
	for _, path := range []string{"/start/nothing", "/dance/post"} {
		if status, _ := ask(t, dir, "control.sock", "POST", path); status != 404 {
			t.Errorf("%s: %d, want 404", path, status)
		}
	}
}

func TestOneHostPerRoot(t *testing.T) {
	t.Parallel()
	dir := root(t, "current", "")
	start(t, dir)
	parsed, err := sam.Parse([]byte(template))
	if err != nil {
		t.Fatal(err)
	}
	for root, want := range map[string]string{dir: "another process", "/tmp/" + strings.Repeat("x", 80): "too long"} {
		if _, err := host.Start(root, parsed, time.Second, t.Logf); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", root, err, want)
		}
	}
}

// A host that cannot start leaves the sockets and processes of none of its functions behind.
func TestAFailedHostLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := root(t, "current", "")
	parsed, err := sam.Parse([]byte(template))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, host.Run, "post.notify", "not empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = host.Start(dir, parsed, time.Second, t.Logf)
	if err == nil || !strings.Contains(err.Error(), "start post") {
		t.Fatalf("got %v", err)
	}
	for _, name := range []string{"post.sock", "control.sock"} {
		if _, err := os.Stat(filepath.Join(dir, host.Run, name)); err == nil {
			t.Errorf("%s still exists", name)
		}
	}
}
