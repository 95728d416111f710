package bundle

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// With a long path the sockets are in /tmp, where anyone may have created their directory before,
// to receive the requests of this bundle's clients.
func TestPlantedSocketDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(tempDir(t), strings.Repeat("x", 100))
	d, err := openDataDir(path)
	if err != nil {
		t.Fatal(err)
	}
	d.close()
	t.Cleanup(func() { _ = os.RemoveAll(d.sockets) })
	if filepath.Dir(d.sockets) != sharedDir {
		t.Fatalf("the sockets are in %s", d.sockets)
	}
	elsewhere := tempDir(t)
	withMode := func(mode os.FileMode) func() error {
		return func() error { return errors.Join(os.Mkdir(d.sockets, 0o700), os.Chmod(d.sockets, mode)) }
	}
	type planting struct {
		put  func() error
		want string
	}
	cases := map[string]planting{
		"a link":         {func() error { return os.Symlink(elsewhere, d.sockets) }, "is not a directory"},
		"a file":         {func() error { return os.WriteFile(d.sockets, nil, 0o600) }, "is not a directory"},
		"group-writable": {withMode(0o770), "other users may use"},
		"for everyone":   {withMode(0o777), "other users may use"},
		"readable":       {withMode(0o755), "other users may use"},
	}
	if os.Geteuid() == 0 { // only root can give a directory away
		cases["another user's"] = planting{
			func() error { return errors.Join(withMode(0o700)(), os.Chown(d.sockets, 12345, 12345)) },
			"belongs to another user",
		}
	}
	for name, c := range cases {
		_ = os.RemoveAll(d.sockets)
		if err := c.put(); err != nil {
			t.Fatal(err)
		}
		planted, err := openDataDir(path)
		if err == nil {
			planted.close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "DATA_DIR") {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	_ = os.RemoveAll(d.sockets)
	if err := withMode(0o700)(); err != nil { // left by a run that was killed
		t.Fatal(err)
	}
	again, err := openDataDir(path)
	if err != nil {
		t.Fatalf("a directory of its own: %v", err)
	}
	again.close()
}

func TestLinkedLockIsNotFollowed(t *testing.T) {
	t.Parallel()
	dir, elsewhere := tempDir(t), tempDir(t)
	target := filepath.Join(elsewhere, "target")
	if err := os.Symlink(target, filepath.Join(dir, "lock")); err != nil {
		t.Fatal(err)
	}
	if d, err := openDataDir(dir); err == nil {
		d.close()
		t.Error("the lock is a link, and is opened")
	}
	if _, err := os.Lstat(target); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the target of the link was created: %v", err)
	}
}
