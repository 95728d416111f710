package bundle

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"minifb/shared/ops/postgres"
	"minifb/shared/ops/sam"
)

// tempDir returns a new directory whose path is short enough for sockets in it, unlike that of
// t.TempDir.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mfb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func get(t *testing.T, url string) int {
	t.Helper()
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// postmaster returns the process id of the bundle's private PostgreSQL.
func postmaster(t *testing.T, dir string) (pid int) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "postgres/data/postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(content), "\n")
	if pid, err = strconv.Atoi(line); err != nil {
		t.Fatal(err)
	}
	return pid
}

// checkRole checks that the function post has connected with its own role, and with no superuser's.
func checkRole(t *testing.T, b *Bundle) {
	t.Helper()
	db, err := sql.Open("pgx", b.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var role string
	var superuser bool
	err = db.QueryRow(`SELECT DISTINCT rolname, rolsuper FROM pg_stat_activity JOIN pg_roles ON rolname = usename
		WHERE application_name = 'minifb post'`).Scan(&role, &superuser)
	if err != nil || role != "minifb_post" || superuser {
		t.Errorf("the function post is the role %s, superuser %t, %v; want minifb_post", role, superuser, err)
	}
}

func TestABundleStartsServesAndStops(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	o := Options{Source: "../../..", Dir: dir, Areas: []string{"post"}, Logf: t.Logf}
	var steps []string
	o.Step = func(s Step) { steps = append(steps, s.Name+": "+s.Result) }
	b := New(o)
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(steps, "; "); !strings.HasPrefix(got, "building: 1 program; PostgreSQL: version ") ||
		!strings.HasSuffix(got, "keys: created; starting: 1 function; serving: "+b.URL) {
		t.Errorf("the steps were %s", got)
	}
	if status := get(t, b.URL+"/post"); status != http.StatusOK {
		t.Errorf("GET /post: %d, want 200", status)
	}
	checkRole(t, b)
	if info, err := os.Stat(filepath.Join(dir, DatabaseURLFile)); err != nil || info.Mode() != 0o600 {
		t.Errorf("others can read the owner's URL: %v, %v", info, err)
	}
	if _, err := os.Stat(b.Binary("auth")); err == nil {
		t.Error("the function auth was built, but not asked for")
	}

	if err := syscall.Kill(postmaster(t, dir), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); get(t, b.URL+"/post") != http.StatusOK; {
		if time.Now().After(end) {
			t.Fatal("20 s after its PostgreSQL was killed the bundle does not serve")
		}
	}

	second := New(o)
	if err := second.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "another process uses") {
		t.Errorf("a second start in the same directory: %v", err)
	}
	if err := b.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(b.URL, "http://")); err == nil {
		t.Error("after the stop the gateway still listens")
	}
	if left, err := os.ReadDir(filepath.Join(dir, "run")); err != nil || len(left) > 0 {
		t.Errorf("after the stop these sockets still exist: %v, %v", left, err)
	}

	steps, o.Binaries = nil, filepath.Join(dir, "bin")
	b = New(o)
	if err := b.Start(t.Context()); err != nil {
		t.Fatalf("the second start: %v", err)
	}
	if got := strings.Join(steps, "; "); !strings.Contains(got, "migrating: nothing to do; keys: found;") {
		t.Errorf("the steps of the second start were %s", got)
	}
	b.Kill()
	if err := b.Stop(); err != nil {
		t.Error(err)
	}
}

func TestACancelledStartStopsEverything(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b := New(Options{
		Source: "../../..", Dir: dir, Areas: []string{"post"}, Fast: true, Logf: t.Logf,
		Step: func(s Step) {
			if s.Name == "keys" { // the functions are next
				cancel()
			}
		},
	})
	if err := b.Start(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want a canceled context", err)
	}
	c, err := postgres.Start(t.Context(), postgres.Options{Dir: dir, Fast: true})
	if err != nil {
		t.Fatalf("the private PostgreSQL was not stopped: %v", err)
	}
	_ = c.Stop()
	if left, err := os.ReadDir(filepath.Join(dir, "run")); err != nil || len(left) > 0 {
		t.Errorf("these sockets still exist: %v, %v", left, err)
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	const functions = "postgres://minifb_{function}@h/minifb"
	b := New(Options{
		Dir: "/d", DatabaseURL: functions, OwnerURL: "postgres://h",
		Parameter: func(name string) (string, bool) { return "other", name != "None" },
	})
	for name, want := range map[string]string{
		"DatabaseUrl": functions, "ErrorHint": "other", "None": "",
		"TokenPublicKeys": "/d/keys/public.jwks", "TokenPrivateKey": "/d/keys/private.jwk",
	} {
		if got, ok := b.parameter(name); ok && got != want || ok != (want != "") {
			t.Errorf("%s is %q, %v, want %q", name, got, ok, want)
		}
	}
}

// A bundle without TLS and with a database that trusts this machine cannot be reached from others.
func TestABundleListensOnLoopbackAlone(t *testing.T) {
	t.Parallel()
	for _, port := range []int{0, freePort(t)} {
		listeners, err := listen(t.Context(), port)
		if err != nil || len(listeners) == 0 {
			t.Fatalf("%d listeners, %v", len(listeners), err)
		}
		for _, l := range listeners {
			if address := l.Addr().(*net.TCPAddr); !address.IP.IsLoopback() {
				t.Errorf("it listens on %s", address)
			}
			l.Close()
		}
	}
}

// freePort returns a port of 127.0.0.1 on which nothing listened a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func TestAPortInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = listen(t.Context(), taken.Addr().(*net.TCPAddr).Port)
	if err == nil || !strings.Contains(err.Error(), "is in use") {
		t.Errorf("got %v", err)
	}
}

func TestADataDirIsUsedByOneProcess(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	first, err := openDataDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openDataDir(dir); err == nil || !strings.Contains(err.Error(), "another process uses") {
		t.Errorf("the second got %v", err)
	}
	first.close()
	again, err := openDataDir(dir)
	if err != nil {
		t.Fatalf("after the first was closed: %v", err)
	}
	again.close()
}

func TestALongDataDirHasItsSocketsElsewhere(t *testing.T) {
	t.Parallel()
	long := filepath.Join(tempDir(t), strings.Repeat("x", 100))
	d, err := openDataDir(long)
	if err != nil {
		t.Fatal(err)
	}
	if path := d.socket("notification"); len(path) > 100 {
		t.Errorf("the path %s has %d bytes, want at most 100", path, len(path))
	}
	d.close()
	if _, err := os.Stat(d.sockets); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory of the sockets still exists: %v", err)
	}
}

func TestAnUnbuiltFunction(t *testing.T) {
	t.Parallel()
	err := checkBuilt(&sam.Template{Functions: []sam.Function{{Name: "Post", Area: "post"}}}, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "functions/post has not been built") {
		t.Errorf("got %v", err)
	}
}
