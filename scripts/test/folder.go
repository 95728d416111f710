package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// databaseFolder creates the folder of the tests' databases: in memory, a file system in main memory,
// if that has room, and otherwise among the temporary files. Each test creates and drops a database
// of 300 files, which takes three times as long on a disk. It removes what a killed run has left in
// memory.
func databaseFolder(memory string) (string, error) {
	if hasRoom(memory) {
		removeStale(memory)
		if dir, err := os.MkdirTemp(memory, fmt.Sprintf(folderPrefix+"%d-", os.Getpid())); err == nil {
			return dir, nil
		}
	}
	return os.MkdirTemp("", folderPrefix)
}

// folderPrefix begins the names of the folders in memory. The id of the process follows.
const folderPrefix = "minifb-test-"

// hasRoom reports whether a folder is in main memory with room for the databases of all tests.
func hasRoom(folder string) bool {
	const (
		room  = 4 << 30    // the tests use up to 1 GiB
		tmpfs = 0x01021994 // TMPFS_MAGIC of statfs(2)
	)
	var fs syscall.Statfs_t
	err := syscall.Statfs(folder, &fs)
	return err == nil && fs.Type == tmpfs && fs.Bavail*uint64(fs.Bsize) >= room //nolint:gosec // it is positive
}

// removeStale removes the folders of processes that do not run any more.
func removeStale(memory string) {
	folders, _ := filepath.Glob(filepath.Join(memory, folderPrefix+"*")) // the pattern is valid
	for _, folder := range folders {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(folder), folderPrefix), "-")
		if _, err := os.Stat("/proc/" + pid); os.IsNotExist(err) {
			_ = os.RemoveAll(folder) // it may be another user's
		}
	}
}
