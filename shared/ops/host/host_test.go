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
	"minifb/shared/ops/sam"
)

// The test binary plays a function when this is set: it answers with its process id and the settings that it sees.
const played = "HOST_TEST_FUNCTION"

func TestMain(m *testing.M) {
	if os.Getenv(played) == "" {
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
	_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, os.Getpid(), " ", os.Getenv("ODD"), " ", os.Getenv("HINT"))
	}))
}

const template = `
Parameters:
  Hint: {Type: String, Default: full}
Resources:
  Post:
    Type: AWS::Serverless::Function
    Properties:
      Environment: {Variables: {HINT: !Ref Hint}}
      Events:
        List: {Type: HttpApi, Properties: {Method: GET, Path: /post}}
`

// root is a short folder with a release of Post: this test binary, or a script.
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
		script = played + `=1 exec "` + self + `"`
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
	h, err := host.Start(dir, parsed, 3*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Stop)
	return h
}

// ask sends a request over one of the root's sockets, and answers the status and the body.
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
	for name, text := range map[string]string{"minifb.env": "# words\nODD=\"a b&c\"\nHINT=common\n", "post.env": "HINT='own'\n"} {
		if err := os.WriteFile(filepath.Join(dir, host.Settings, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := start(t, dir)
	_, body := ask(t, dir, "post.sock", "GET", "/")
	first := h.PID("post")
	if want := fmt.Sprint(first, " a b&c own"); body != want {
		t.Errorf("the function says %q, want %q", body, want)
	}
	if status, said := ask(t, dir, "control.sock", "POST", "/restart/post"); status != 200 {
		t.Fatalf("restart: %d %s", status, said)
	}
	second := h.PID("post")
	if _, body = ask(t, dir, "post.sock", "GET", "/"); second == first || !strings.HasPrefix(body, fmt.Sprint(second, " ")) {
		t.Errorf("after a restart of %d, process %d says %q", first, second, body)
	}
	if err := syscall.Kill(second, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// Whoever asks now waits at the socket. One may still reach what was killed a moment ago; so the second answer counts.
	for h.PID("post") == second {
		time.Sleep(time.Millisecond)
	}
	if _, body = ask(t, dir, "post.sock", "GET", "/"); !strings.HasPrefix(body, fmt.Sprint(h.PID("post"), " ")) {
		t.Errorf("after the crash of %d, process %d says %q", second, h.PID("post"), body)
	}
	if _, list := ask(t, dir, "control.sock", "GET", "/units"); !strings.Contains(list, fmt.Sprintf("post active %d 2", h.PID("post"))) ||
		!strings.Contains(list, "post-check inactive 0 -\n") {
		t.Errorf("the units are\n%s", list)
	}
}

func TestNextReleaseIsTriedApart(t *testing.T) {
	t.Parallel()
	dir := root(t, "current", "")
	h := start(t, dir)
	release(t, dir, "next", "")
	if status, said := ask(t, dir, "control.sock", "POST", "/start/post-check"); status != 200 {
		t.Fatalf("start: %d %s", status, said)
	}
	if _, body := ask(t, dir, "post-check.sock", "GET", "/"); !strings.HasPrefix(body, fmt.Sprint(h.PID("post-check"), " ")) {
		t.Errorf("process %d says %q", h.PID("post-check"), body)
	}
	if status, _ := ask(t, dir, "control.sock", "POST", "/stop/post-check"); status != 200 || h.PID("post-check") != 0 {
		t.Errorf("it runs on as %d", h.PID("post-check"))
	}
	if h.PID("post") == 0 {
		t.Error("the function itself does not run")
	}
}

func TestStartSaysWhatFails(t *testing.T) {
	t.Parallel()
	dir := root(t, "next", "exit 3")
	start(t, dir)
	if status, said := ask(t, dir, "control.sock", "POST", "/start/post-next"); status != 500 || !strings.Contains(said, "ended before it was ready") {
		t.Errorf("one that exits: %d %s", status, said)
	}
	release(t, dir, "next", "exec sleep 60")
	if status, said := ask(t, dir, "control.sock", "POST", "/start/post-next"); status != 500 || !strings.Contains(said, "not ready within") {
		t.Errorf("one that hangs: %d %s", status, said)
	}
	for _, path := range []string{"/start/nothing", "/dance/post"} {
		if status, _ := ask(t, dir, "control.sock", "POST", path); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
}

func TestOneHostInARoot(t *testing.T) {
	t.Parallel()
	dir := root(t, "current", "")
	start(t, dir)
	parsed, err := sam.Parse([]byte(template))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := host.Start(dir, parsed, time.Second); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a second host in the same root: %v", err)
	}
	if _, err := host.Start("/tmp/"+strings.Repeat("x", 80), parsed, time.Second); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("a long root: %v", err)
	}
}
