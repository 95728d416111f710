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

// takeLock claims the folder for this process until the file is closed, and thereby at our death too. Whoever holds it
// knows that a server it finds running there is nobody's.
func (o owner) takeLock(path string) (*os.File, error) {
	f, err := o.openFile(path, os.O_RDWR)
	if err != nil {
		return nil, fmt.Errorf("lock the database's folder: %w", err)
	}
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		f.Close()
		return nil, fmt.Errorf("the database in %s is in use by another run: stop that one, or name another DATA_DIR", filepath.Dir(path))
	case err != nil:
		f.Close()
		return nil, fmt.Errorf("lock the database's folder: %w", err)
	}
	return f, nil
}

// stopLeftovers ends what a killed run has left at work in the data folder, and then clears what would keep a new
// server from starting.
func stopLeftovers(data, sockets string) error {
	pidFile := filepath.Join(data, "postmaster.pid")
	for _, step := range []struct {
		signal syscall.Signal
		atMost time.Duration
		toAll  bool
	}{
		{signal: syscall.SIGINT, atMost: 10 * time.Second},
		{signal: syscall.SIGQUIT, atMost: 5 * time.Second, toAll: true},
		{signal: syscall.SIGKILL, atMost: 5 * time.Second, toAll: true},
	} {
		postmaster := pidIn(pidFile)
		for _, pid := range workersIn(data, postmaster) {
			if step.toAll || pid == postmaster {
				_ = syscall.Kill(pid, step.signal) // it may have just ended
			}
		}
		for end := time.Now().Add(step.atMost); len(workersIn(data, postmaster)) > 0 && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
		}
	}
	if left := workersIn(data, pidIn(pidFile)); len(left) > 0 {
		return fmt.Errorf("a PostgreSQL of an earlier run still works in %s and does not stop (processes %v)", data, left)
	}
	// With nobody at work there, what the files say is stale. PostgreSQL would believe them where the number of the process
	// has gone to another one since.
	for _, path := range []string{pidFile, filepath.Join(sockets, socketName), filepath.Join(sockets, socketName+".lock")} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("clear up after an earlier run: %w", err)
		}
	}
	return nil
}

// pidIn is the process that a postmaster.pid names; 0 without one.
func pidIn(path string) int {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(content), "\n")
	pid, _ := strconv.Atoi(strings.TrimSpace(line))
	return max(pid, 0)
}

// workersIn are the processes whose working folder is data, which every process of a PostgreSQL server keeps. Where there is no
// /proc it is the named postmaster, if some process has its number.
func workersIn(data string, postmaster int) []int {
	folder, err := os.Stat(data)
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
	var pids []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if cwd, err := os.Stat(filepath.Join("/proc", entry.Name(), "cwd")); err == nil && os.SameFile(cwd, folder) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// hasProc tells whether the system has Linux's /proc.
func hasProc() bool {
	_, err := os.Stat("/proc/self/fd")
	return err == nil
}
