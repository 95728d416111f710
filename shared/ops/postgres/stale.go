package postgres

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// takeLock locks the data directory until the file is closed, which also happens when this process
// dies. While it is held, a server that runs in the directory is a stale one.
func (d *dataDir) takeLock() (*os.File, error) {
	f, err := openOwn(filepath.Join(d.parent, "postgres.lock"), os.O_RDWR)
	if err != nil {
		return nil, fmt.Errorf("lock the database's directory: %w", err)
	}
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		f.Close()
		return nil, fmt.Errorf("the database in %s is in use by another process: stop that one, "+
			"or set another DATA_DIR", d.home)
	case err != nil:
		f.Close()
		return nil, fmt.Errorf("lock the database's directory: %w", err)
	}
	return f, nil
}

// stopStaleProcesses stops the server processes that a killed run left in the data directory, and
// removes the files that would keep a new server from starting.
func (d *dataDir) stopStaleProcesses() error {
	for _, step := range []struct {
		signal syscall.Signal
		atMost time.Duration
		all    bool // not only the postmaster
	}{
		{signal: syscall.SIGINT, atMost: 10 * time.Second},
		{signal: syscall.SIGQUIT, atMost: 5 * time.Second, all: true},
		{signal: syscall.SIGKILL, atMost: 5 * time.Second, all: true},
	} {
		postmaster := d.postmaster()
		for _, pid := range d.processes(postmaster) {
			if step.all || pid == postmaster {
				_ = syscall.Kill(pid, step.signal) // it may have just exited
			}
		}
		for end := time.Now().Add(step.atMost); len(d.processes(postmaster)) > 0 && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
		}
	}
	if pids := d.processes(d.postmaster()); len(pids) > 0 {
		return fmt.Errorf("a PostgreSQL of an earlier run works in %s and does not stop (processes %v)", d.data(), pids)
	}
	// No process works there, so these files are stale. If another process has got the postmaster's
	// id since, PostgreSQL would take it for the postmaster.
	home, sockets := d.roots[0], d.roots[1]
	err := errors.Join(
		removeStale(home, "data/postmaster.pid"),
		removeStale(sockets, socketName), removeStale(sockets, socketName+".lock"))
	if err != nil {
		return fmt.Errorf("remove a stale file: %w", err)
	}
	return nil
}

func removeStale(root *os.Root, name string) error {
	if err := root.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// postmaster returns the process id in postmaster.pid; 0 if there is none.
func (d *dataDir) postmaster() int {
	line, _, _ := strings.Cut(d.read("data/postmaster.pid"), "\n")
	pid, _ := strconv.Atoi(strings.TrimSpace(line))
	return max(pid, 0)
}

// processes returns the processes whose working directory is the data, as that of every process of
// a PostgreSQL server is. Without /proc it returns the postmaster, if a process has that id.
func (d *dataDir) processes(postmaster int) (pids []int) {
	dir, err := d.roots[0].Lstat("data") // a link would choose which processes are stopped
	if err != nil {
		return nil
	}
	entries, err := os.ReadDir("/proc")
	if err != nil || !hasProc() {
		if postmaster > 0 && syscall.Kill(postmaster, 0) == nil {
			return []int{postmaster}
		}
		return nil
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if cwd, err := os.Stat(filepath.Join("/proc", entry.Name(), "cwd")); err == nil && os.SameFile(cwd, dir) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// hasProc reports whether the system has Linux's /proc.
func hasProc() bool {
	_, err := os.Stat("/proc/self/fd")
	return err == nil
}
