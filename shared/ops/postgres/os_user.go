package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// An osUser is the operating system's user that PostgreSQL runs as. PostgreSQL refuses to run as
// root.
type osUser struct{ uid, gid int }

// userFor chooses the user for the cluster in home. It is the current user, or for root the owner
// of home, else postgres, else nobody.
func userFor(home string) (osUser, error) {
	self := osUser{os.Geteuid(), os.Getegid()}
	var owner osUser
	info, err := os.Stat(home)
	exists := err == nil
	if exists {
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return self, errors.New("this system does not report who owns a directory")
		}
		owner = osUser{int(stat.Uid), int(stat.Gid)}
	}
	if self.uid != 0 {
		if exists && owner.uid != self.uid {
			return self, fmt.Errorf("%s belongs to the user %s: run this as root or as that user, "+
				"or set another DATA_DIR", home, nameOf(owner.uid))
		}
		return self, nil
	}
	if exists && owner.uid != 0 {
		return owner, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, err1 := strconv.Atoi(u.Uid)
			gid, err2 := strconv.Atoi(u.Gid)
			return osUser{uid, gid}, errors.Join(err1, err2)
		}
	}
	return self, errors.New("PostgreSQL does not run as root, and this machine has no user postgres or nobody")
}

func nameOf(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

// makeDir makes a directory that only the user and root can enter.
func (u osUser) makeDir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make a directory for PostgreSQL: %w", err)
	}
	// Lstat does not follow a link, which any user could have put into a shared temporary
	// directory.
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("make a directory for PostgreSQL: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(stat.Uid) != u.uid && int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s exists, but is not a directory of this user", dir)
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a directory needs x to be entered
		return fmt.Errorf("make a directory for PostgreSQL: %w", err)
	}
	if err := os.Chown(dir, u.uid, u.gid); err != nil {
		return fmt.Errorf("make a directory for PostgreSQL: %w", err)
	}
	return nil
}

// attributes returns what a process of this user is started with.
func (u osUser) attributes() *syscall.SysProcAttr {
	if u.uid == os.Geteuid() {
		return &syscall.SysProcAttr{}
	}
	return &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: uint32(u.uid), Gid: uint32(u.gid)}, //nolint:gosec // ids are not negative
	}
}

// openFile opens a file that belongs to the user, and creates it if necessary.
func (u osUser) openFile(path string, mode int) (*os.File, error) {
	f, err := os.OpenFile(path, mode|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Chown(u.uid, u.gid); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
