package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestDatabasesAreInMainMemory(t *testing.T) {
	t.Parallel()
	const memory = "/dev/shm"
	if !hasRoom(memory) {
		t.Logf("%s has no room", memory)
	} else if dir := newFolder(t, memory); filepath.Dir(dir) != memory {
		t.Errorf("the folder is %s", dir)
	}
	for _, other := range []string{"/proc", "/missing"} { // not in main memory, and not there
		if dir := newFolder(t, other); filepath.Dir(dir) != filepath.Clean(os.TempDir()) {
			t.Errorf("%s: the folder is %s", other, dir)
		}
	}
}

// A folder on a disk is not in main memory, however much room it has.
func TestADiskIsNotMainMemory(t *testing.T) {
	t.Parallel()
	kind, err := exec.Command("stat", "-f", "-c", "%T", top).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(kind)); got != "tmpfs" && hasRoom(top) {
		t.Errorf("the checkout is on a file system of the type %s, and counts as main memory", got)
	}
}

func newFolder(t *testing.T, memory string) string {
	t.Helper()
	dir, err := databaseFolder(memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestFoldersOfKilledRunsAreRemoved(t *testing.T) {
	t.Parallel()
	memory := t.TempDir()
	for _, name := range []string{"minifb-test-1-123", "minifb-test-99999999-123", "minifb-test-", "other-99999999-1"} {
		if err := os.MkdirAll(filepath.Join(memory, name, "postgres"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	removeStale(memory)
	entries, err := os.ReadDir(memory)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	if got := strings.Join(left, " "); got != "minifb-test- minifb-test-1-123 other-99999999-1" {
		t.Errorf("left are %s", got)
	}
}
