package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"

	"minifb/shared/ops/host"
	"minifb/shared/ops/sam"
)

// isFunction names the variable that makes the test binary act as a function, which responds to all
// requests with this status; away names a file, while which exists it responds with 503.
const isFunction, away = "DEPLOY_TEST_FUNCTION", "DEPLOY_TEST_AWAY"

func TestMain(m *testing.M) {
	status := os.Getenv(isFunction)
	if status == "" {
		os.Exit(m.Run())
	}
	var listener net.Listener
	if passed, err := activation.Listeners(); err == nil && len(passed) == 1 {
		listener = passed[0]
	} else {
		path := strings.TrimPrefix(os.Getenv("LISTEN"), "unix:")
		_ = os.Remove(path) // that of the last check
		if listener, err = net.Listen("unix", path); err != nil {
			os.Exit(1)
		}
	}
	_, _ = daemon.SdNotify(false, daemon.SdNotifyReady)
	_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var code int
		_, _ = fmt.Sscan(status, &code)
		if _, err := os.Stat(os.Getenv(away)); err == nil {
			code = http.StatusServiceUnavailable
		}
		w.WriteHeader(code)
	}))
}

// A folder is a host in a folder of this machine, with one function, post.
type folder struct {
	root     string
	template *sam.Template
	builds   int
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	root, err := os.MkdirTemp("", "mf") // the path of t.TempDir may be too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	template, err := sam.Parse([]byte(`
Resources:
  Post:
    Type: AWS::Serverless::Function
    Properties: {Events: {List: {Type: HttpApi, Properties: {Method: GET, Path: /post}}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.Start(root, template, host.StartTimeout, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Stop)
	return &folder{root: root, template: template}
}

// run runs the command for post, and returns what it prints and whether it succeeds.
func (f *folder) run(t *testing.T, o options) (output string, ok bool) {
	t.Helper()
	var out strings.Builder
	o.function, o.host, o.root, o.checkout = "post", "local", f.root, "../.."
	if o.do == "" {
		o.do = "deploy"
	}
	err := o.run(t.Context(), &out)
	t.Logf("%s %s: %v\n%s", o.do, o.to, err, out.String())
	return out.String(), err == nil
}

// deploy deploys a release that runs a script, and returns its hash.
func (f *folder) deploy(t *testing.T, script string) (hash string, ok bool) {
	t.Helper()
	f.builds++
	binary := filepath.Join(f.root, fmt.Sprint("build", f.builds))
	text := fmt.Sprintf("#!/bin/sh\n# build %d\n%s\n", f.builds, script)
	if err := os.WriteFile(binary, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	output, ok := f.run(t, options{binary: binary})
	return regexp.MustCompile(`-([0-9a-f]{12})\b`).FindStringSubmatch(output)[1], ok
}

// works returns the script of a release that works.
func works(t *testing.T) string { return serves(t, 200) }

// serves returns the script of a release that responds to all requests with this status.
func serves(t *testing.T, status int) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s=%d exec '%s'", isFunction, status, self)
}

// states returns the states of the releases as make releases prints them, by their hashes.
func (f *folder) states(t *testing.T) map[string]string {
	t.Helper()
	output, ok := f.run(t, options{do: "releases"})
	if !ok {
		t.Fatal(output)
	}
	states := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^post +\S+-(\S{12}) +\S+ +(\S+)`).FindAllStringSubmatch(output, -1) {
		states[m[1]] = strings.TrimSuffix(m[2], ":")
	}
	return states
}

func (f *folder) expect(t *testing.T, what string, want map[string]string) {
	t.Helper()
	got := f.states(t)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: the releases are %v, want %v", what, got, want)
	}
}

// deployAll deploys working releases and returns their hashes.
func (f *folder) deployAll(t *testing.T, n int) (hashes []string) {
	t.Helper()
	for range n {
		hash, ok := f.deploy(t, works(t))
		if !ok {
			t.Fatal("a working release is refused")
		}
		hashes = append(hashes, hash)
	}
	return hashes
}
