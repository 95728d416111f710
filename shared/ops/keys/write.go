package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// unfinished returns the path at which a file is written before it gets its name.
func unfinished(path string) string { return path + ".unfinished" }

// replace replaces a file by another content at once. The owner stays; the mode too, but nobody else
// than the owner gets the private keys.
func replace(path string, content []byte) error {
	former, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("replace the keys: %w", err)
	}
	if err := write(unfinished(path), string(content), former); err != nil {
		return fmt.Errorf("replace the keys: %w", err)
	}
	if err := os.Rename(unfinished(path), path); err != nil {
		return fmt.Errorf("replace the keys: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// write writes a file, and waits until it is on the disk. Only its owner can read it, unless it is
// the successor of a public file that others can read.
func write(path, content string, former fs.FileInfo) error {
	_ = os.Remove(path) // an interrupted call may have left it, with other permissions
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	if former != nil {
		err = errors.Join(err, inherit(f, former))
	}
	return errors.Join(err, f.Sync(), f.Close())
}

func inherit(f *os.File, former fs.FileInfo) error {
	if former.Name() != filepath.Base(Private("")) {
		if err := f.Chmod(former.Mode().Perm()); err != nil {
			return err
		}
	}
	owner, ok := former.Sys().(*syscall.Stat_t)
	if !ok || int(owner.Uid) == os.Geteuid() && int(owner.Gid) == os.Getegid() {
		return nil
	}
	return f.Chown(int(owner.Uid), int(owner.Gid))
}

// syncDir waits until the names of the files in dir are on the disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// lock makes other callers wait until unlock is called.
func lock(dir string) (unlock func(), err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("lock the keys: %w", err)
	}
	if err := syscall.Flock(int(d.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the keys: %w", err), d.Close())
	}
	return func() { _ = d.Close() }, nil
}
