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

// makeDir makes a directory that only the user and root can enter, and opens it. In a shared
// directory such as /tmp, where any user could have made it before, it has to be private already.
func (u osUser) makeDir(dir string, shared bool) (f *os.File, err error) {
	defer func() {
		if err != nil && f != nil {
			f.Close()
			f = nil
		}
	}()
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("make a directory for PostgreSQL: %w", err)
	}
	// A link is not followed. What follows concerns the directory that is open, whatever happens to
	// its name.
	f, err = os.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP) {
		return nil, fmt.Errorf("%s exists, but is not a directory: remove it", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("make a directory for PostgreSQL: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return f, fmt.Errorf("make a directory for PostgreSQL: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) != u.uid && int(stat.Uid) != os.Geteuid() {
		return f, fmt.Errorf("%s exists, but is not a directory of this user: remove it, or set another DATA_DIR", dir)
	}
	if shared && info.Mode().Perm() != 0o700 {
		return f, fmt.Errorf("%s exists, and other users may use it: remove it, or set another DATA_DIR", dir)
	}
	if err := errors.Join(f.Chmod(0o700), f.Chown(u.uid, u.gid)); err != nil {
		return f, fmt.Errorf("make a directory for PostgreSQL: %w", err)
	}
	return f, nil
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
