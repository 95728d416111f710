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
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"

	"minifb/shared/ops/host"
	"minifb/shared/ops/sam"
)

// isFunction names the variable that makes the test binary act as a function, which responds to all
// requests with this status.
const isFunction = "DEPLOY_TEST_FUNCTION"

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
		w.WriteHeader(code)
	}))
}

// A folder is a host in a folder of this machine, with one function, post.
type folder struct {
	root   string
	builds int
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
	h, err := host.Start(root, template, 3*time.Second, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Stop)
	return &folder{root: root}
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

func TestRollbacksNeverReturnToABadRelease(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	r := f.deployAll(t, 3)
	f.expect(t, "after three deploys", map[string]string{r[0]: "older", r[1]: "previous", r[2]: "live"})
	for i, want := range []map[string]string{
		{r[0]: "previous", r[1]: "live", r[2]: "bad"},
		{r[0]: "live", r[2]: "bad"}, // of the bad ones, the newest is kept
	} {
		if output, ok := f.run(t, options{do: "rollback"}); !ok {
			t.Fatalf("rollback %d: %s", i+1, output)
		}
		f.expect(t, fmt.Sprint("after rollback ", i+1), want)
	}
	if output, ok := f.run(t, options{do: "rollback"}); ok || !strings.Contains(output, "no good release before") {
		t.Errorf("a third rollback: %s", output)
	}
	next := f.deployAll(t, 1)[0]
	f.expect(t, "after another deploy", map[string]string{r[0]: "previous", r[2]: "bad", next: "live"})
	if output, ok := f.run(t, options{do: "rollback", to: r[2]}); !ok {
		t.Fatalf("a rollback to a bad release that is named: %s", output)
	}
	f.expect(t, "after a rollback by hash", map[string]string{r[0]: "previous", r[2]: "live", next: "bad"})
	if output, ok := f.run(t, options{do: "rollback", to: r[2]}); ok || !strings.Contains(output, "serves already") {
		t.Errorf("a rollback to the live release: %s", output)
	}
	output, ok := f.run(t, options{do: "rollback", to: "0123456789ab"})
	if ok || !strings.Contains(output, "no release") {
		t.Errorf("a rollback to a release that does not exist: %s", output)
	}
}

func TestARollbackSkipsAReleaseThatFailsItsCheck(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	switched := filepath.Join(f.root, "switched")
	r := f.deployAll(t, 1)
	broken, ok := f.deploy(t, "[ ! -e "+switched+" ] || exit 3\n"+works(t))
	if !ok {
		t.Fatal("refused")
	}
	r = append(r, broken, f.deployAll(t, 1)[0])
	if err := os.WriteFile(switched, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if output, ok := f.run(t, options{do: "rollback"}); ok || !strings.Contains(output, "NOT DEPLOYED") {
		t.Fatalf("a rollback to a release that does not start: %s", output)
	}
	f.expect(t, "after it", map[string]string{r[0]: "previous", r[1]: "bad", r[2]: "live"})
	if output, ok := f.run(t, options{do: "rollback"}); !ok {
		t.Fatalf("the second rollback: %s", output)
	}
	f.expect(t, "after the second rollback", map[string]string{r[0]: "live", r[2]: "bad"})
}

// files returns the names of all files of post, without the lock.
func (f *folder) files(t *testing.T) string {
	t.Helper()
	var names []string
	top := filepath.Join(f.root, host.Releases, "post")
	err := filepath.WalkDir(top, func(path string, _ os.DirEntry, err error) error {
		if name := strings.TrimPrefix(path, top); name != "" && name != "/lock" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, "\n")
}

func TestNothingOfARefusedReleaseRemains(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.deployAll(t, 2)
	before := f.files(t)
	for name, script := range map[string]string{
		"exits at once":            "exit 3",
		"returns 500":              serves(t, 500),
		"exits at the live socket": `[ -z "$LISTEN_FDS" ] || exit 3` + "\n" + works(t),
		"exits when it takes over": `[ -z "$LISTEN_FDS" ] || mkdir "` + f.root + `/taken" || exit 3` + "\n" + works(t),
	} {
		if _, ok := f.deploy(t, script); ok {
			t.Fatalf("a release that %s was deployed", name)
		}
		if after := f.files(t); after != before {
			t.Errorf("after a release that %s, the host has\n%s\nand not\n%s", name, after, before)
		}
	}
	// The release does not arrive completely.
	var out strings.Builder
	o := options{host: "local", root: f.root}
	err := o.send(t.Context(), &out, strings.NewReader("no tar"),
		"VERB=deploy", "AREA=post", "PROBE=/post", "RELEASE=20260101T000000.000-a", "HASH=a", "MIGRATE=")
	if err == nil || !strings.Contains(out.String(), "did not arrive") {
		t.Errorf("%v: %s", err, out.String())
	}
	if after := f.files(t); after != before {
		t.Errorf("after a release that has not arrived, the host has\n%s\nand not\n%s", after, before)
	}
}

func TestFiveGoodReleasesAreKept(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	r := f.deployAll(t, 6)
	if output, ok := f.run(t, options{do: "rollback"}); !ok {
		t.Fatal(output)
	}
	f.expect(t, "after six deploys and a rollback",
		map[string]string{r[1]: "older", r[2]: "older", r[3]: "previous", r[4]: "live", r[5]: "bad"})
	r = append(r, f.deployAll(t, 2)...)
	f.expect(t, "after two more deploys", map[string]string{
		r[2]: "older", r[3]: "older", r[4]: "older", r[5]: "bad", r[6]: "previous", r[7]: "live",
	})
}

func TestRetire(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	if output, ok := f.run(t, options{do: "retire"}); ok || !strings.Contains(output, "no releases") {
		t.Errorf("a function that was never deployed: %s", output)
	}
	f.deployAll(t, 1)
	if output, ok := f.run(t, options{do: "retire"}); !ok {
		t.Fatal(output)
	}
	if _, err := os.Stat(filepath.Join(f.root, host.Releases, "post")); !os.IsNotExist(err) {
		t.Errorf("its releases remain: %v", err)
	}
	if output, _ := f.run(t, options{do: "status"}); strings.Contains(output, "post") {
		t.Errorf("it is still shown: %s", output)
	}
	f.deployAll(t, 1)
	output, _ := f.run(t, options{do: "status"})
	if !regexp.MustCompile(`(?m)^post .* active .* yes$`).MatchString(output) {
		t.Errorf("a deploy does not bring it back: %s", output)
	}
}
