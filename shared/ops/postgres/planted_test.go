package postgres_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"minifb/shared/ops/postgres"
)

// A victim's file must be as it was: content, mode and owner.
func checkUntouched(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
		return
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Error(err)
		return
	}
	stat := info.Sys().(*syscall.Stat_t)
	if string(content) != "precious" || info.Mode().Perm() != 0o640 || int(stat.Uid) != os.Geteuid() {
		t.Errorf("%s holds %q, has the mode %o and belongs to %d", path, content, info.Mode().Perm(), stat.Uid)
	}
}

func precious(t *testing.T, path string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte("precious"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func plant(t *testing.T, target, link string) {
	t.Helper()
	_ = os.RemoveAll(link)
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
}

// PostgreSQL's user owns the directory of the cluster. Links that it puts there must not make root
// open, change or remove a file elsewhere.
func TestLinksPlantedByPostgresAreNotFollowed(t *testing.T) {
	t.Parallel()
	o := postgres.Options{Dir: t.TempDir(), Fast: true}
	if err := start(t, o).Stop(); err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	file := precious(t, filepath.Join(elsewhere, "file"))
	home := filepath.Join(o.Dir, "postgres")
	for _, name := range []string{"log", "lock", postgres.LogName, "postgres.lock", "data/postmaster.pid"} {
		plant(t, file, filepath.Join(home, name))
	}
	plant(t, elsewhere, filepath.Join(home, "unfinished"))
	if err := start(t, o).Stop(); err != nil {
		t.Fatal(err)
	}
	checkUntouched(t, file)

	// Without data a cluster is created.
	if err := os.RemoveAll(filepath.Join(home, "data")); err != nil {
		t.Fatal(err)
	}
	if err := start(t, o).Stop(); err != nil {
		t.Fatal(err)
	}
	checkUntouched(t, file)
}

// The processes of an earlier run are found by their working directory. A link in place of that
// must not choose other processes.
func TestLinkedDataDoesNotKillOtherProcesses(t *testing.T) {
	t.Parallel()
	o := postgres.Options{Dir: t.TempDir(), Fast: true}
	if err := start(t, o).Stop(); err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	pidFile := precious(t, filepath.Join(elsewhere, "postmaster.pid"))
	other := exec.Command("sleep", "60")
	other.Dir = elsewhere
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- other.Wait() }()
	t.Cleanup(func() {
		_ = other.Process.Kill()
		if err := <-exited; err == nil {
			t.Error("the process in the other directory ended by itself")
		}
	})
	plant(t, elsewhere, filepath.Join(o.Dir, "postgres/data"))
	if c, err := postgres.Start(context.Background(), o); err == nil {
		_ = c.Stop()
		t.Error("PostgreSQL starts with data in another directory")
	}
	checkUntouched(t, pidFile)
	select {
	case err := <-exited:
		t.Errorf("the process in the other directory was stopped: %v", err)
		exited <- err
	default:
	}
}

// What this process writes for the server is a regular file with one name.
func TestLinkedLogAndLockAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{postgres.LogName, "postgres.lock"} {
		for how, put := range map[string]func(file, path string) error{
			"symbolic link": os.Symlink,
			"hard link":     os.Link,
			"pipe":          func(_, path string) error { return syscall.Mkfifo(path, 0o600) },
			"directory":     func(_, path string) error { return os.Mkdir(path, 0o700) },
		} {
			t.Run(name+" is a "+how, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				file := precious(t, filepath.Join(t.TempDir(), "file"))
				if err := put(file, filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
				c, err := postgres.Start(context.Background(), postgres.Options{Dir: dir, Fast: true})
				if err == nil {
					_ = c.Stop()
					t.Error("PostgreSQL starts")
				}
				checkUntouched(t, file)
			})
		}
	}
}

// With a long path the socket is in the system's temporary directory, where anyone may have created
// its directory before, to receive the superuser's connections.
func TestPlantedSocketDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	o := postgres.Options{Dir: filepath.Join(t.TempDir(), strings.Repeat("x", 100)), Fast: true}
	c := start(t, o)
	parsed, err := url.Parse(c.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	sockets := parsed.Query().Get("host")
	if err := c.Stop(); err != nil || strings.HasPrefix(sockets, o.Dir) {
		t.Fatalf("the sockets were in %s: %v", sockets, err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(sockets) })
	elsewhere := t.TempDir()
	if err := os.Chmod(elsewhere, 0o750); err != nil {
		t.Fatal(err)
	}
	cases := map[string]func() error{
		"a link":           func() error { return os.Symlink(elsewhere, sockets) },
		"a file":           func() error { return os.WriteFile(sockets, nil, 0o600) },
		"group-writable":   func() error { return makeMode(sockets, 0o770) },
		"open to everyone": func() error { return makeMode(sockets, 0o777) },
		"readable":         func() error { return makeMode(sockets, 0o755) },
	}
	if os.Geteuid() == 0 { // only root can give a directory away
		cases["another user's"] = func() error {
			return errors.Join(makeMode(sockets, 0o700), os.Chown(sockets, 12345, 12345))
		}
	}
	for name, put := range cases {
		_ = os.RemoveAll(sockets)
		if err := put(); err != nil {
			t.Fatal(err)
		}
		c, err := postgres.Start(context.Background(), o)
		if err == nil {
			_ = c.Stop()
		}
		if err == nil || !strings.Contains(err.Error(), sockets+" exists, ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if info, err := os.Stat(elsewhere); err != nil || info.Mode().Perm() != 0o750 {
		t.Errorf("the target of the link was changed: %v, %v", info.Mode(), err)
	}
}

func makeMode(dir string, mode os.FileMode) error {
	return errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, mode))
}
