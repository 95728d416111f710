package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// An owner is the user that PostgreSQL runs as. PostgreSQL refuses root.
type owner struct{ uid, gid int }

// ownerOf chooses it: ourselves, but where we are root whoever owns the folder already, else postgres, else nobody.
func ownerOf(home string) (owner, error) {
	self := owner{os.Geteuid(), os.Getegid()}
	info, err := os.Stat(home)
	there := err == nil
	var standing owner
	if there {
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return self, errors.New("this system tells no owner of a folder")
		}
		standing = owner{int(stat.Uid), int(stat.Gid)}
	}
	if self.uid != 0 {
		if there && standing.uid != self.uid {
			return self, fmt.Errorf("%s belongs to another user (%s): run this as root or as that user, or name another DATA_DIR", home, nameOf(standing.uid))
		}
		return self, nil
	}
	if there && standing.uid != 0 {
		return standing, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, err1 := strconv.Atoi(u.Uid)
			gid, err2 := strconv.Atoi(u.Gid)
			return owner{uid, gid}, errors.Join(err1, err2)
		}
	}
	return self, errors.New("PostgreSQL will not run as root, and this machine has neither a user postgres nor nobody")
}

func nameOf(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

// own makes dir, closed to all but its owner and root.
func (o owner) own(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	// Lstat, lest somebody else has put a link there, as anyone may in a shared temporary folder.
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(stat.Uid) != o.uid && int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is in the way: it is no folder of ours", dir)
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a folder is entered by its x
		return fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	if err := os.Chown(dir, o.uid, o.gid); err != nil {
		return fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	return nil
}

// credential is what a process of this owner is started with; nil where we are the owner.
func (o owner) credential() *syscall.SysProcAttr {
	if o.uid == os.Geteuid() {
		return &syscall.SysProcAttr{}
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid)}} //nolint:gosec // ids are not negative
}

// openFile opens a file that the owner owns, made if it is not there.
func (o owner) openFile(path string, mode int) (*os.File, error) {
	f, err := os.OpenFile(path, mode|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Chown(o.uid, o.gid); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
