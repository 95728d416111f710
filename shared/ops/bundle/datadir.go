package bundle

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// maxSockets is the longest path of a directory of sockets. A socket's path may have 107 bytes.
const maxSockets = 100 - len("/notification.sock")

// sharedDir has the directory of the sockets if the data directory's path is too long.
const sharedDir = "/tmp"

// A dataDir is a bundle's data directory: bin, keys, log, run (the sockets), postgres and lock.
type dataDir struct {
	path    string // absolute
	sockets string // path/run, or a directory with a shorter path
	lock    *os.File
}

// openDataDir creates the data directory and locks it until close, or until this process dies.
func openDataDir(path string) (*dataDir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	d := &dataDir{path: path, sockets: filepath.Join(path, "run")}
	if len(d.sockets) > maxSockets {
		sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", os.Geteuid(), path))
		d.sockets = filepath.Join(sharedDir, fmt.Sprintf("minifb-run-%x", sum[:8]))
	}
	if err := os.MkdirAll(path, 0o755); err != nil { //nolint:gosec // what is in it is private
		return nil, fmt.Errorf("create the data directory: %w", err)
	}
	for _, dir := range []string{filepath.Join(path, "bin"), filepath.Join(path, "log"), d.sockets} {
		if err := makePrivate(dir); err != nil {
			return nil, err
		}
	}
	d.lock, err = os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	switch err := syscall.Flock(int(d.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		d.lock.Close()
		return nil, fmt.Errorf("another process uses %s: stop it, or set another DATA_DIR", path)
	case err != nil:
		d.lock.Close()
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	return d, nil
}

// makePrivate creates a directory that only the current user can enter, or checks the one that
// exists. In a shared directory such as /tmp another user may have created it before, and would
// control the sockets in it. That concerns root, too, which can enter any directory.
func makePrivate(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("create the data directory: %w", err)
	}
	info, err := os.Lstat(dir) // a link is no directory
	if err != nil {
		return fmt.Errorf("create the data directory: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.IsDir():
		return fmt.Errorf("%s is not a directory: remove it, or set another DATA_DIR", dir)
	case !ok || int(stat.Uid) != os.Geteuid():
		return fmt.Errorf("%s belongs to another user: run this as that user, or set another DATA_DIR", dir)
	case filepath.Dir(dir) == sharedDir && info.Mode().Perm() != 0o700:
		return fmt.Errorf("other users may use %s: remove it, or set another DATA_DIR", dir)
	}
	return nil
}

// socket returns the path of the socket of an area's function.
func (d *dataDir) socket(area string) string { return filepath.Join(d.sockets, area+".sock") }

func (d *dataDir) close() {
	if filepath.Dir(d.sockets) != d.path {
		_ = os.Remove(d.sockets) // fails if a socket was not removed
	}
	_ = d.lock.Close()
}
