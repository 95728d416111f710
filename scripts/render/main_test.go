package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A host gets no unit of a function that no longer exists, when a folder is written again.
func TestNothingOfAnEarlierRunRemains(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	for _, files := range []map[string]string{
		{"nginx/nginx.conf": "1", "systemd/minifb-old.service": "1", "backups/a.timer": "1", "prometheus/a.yml": "1"},
		{"nginx/nginx.conf": "2", "systemd/minifb-post.service": "2"},
	} {
		if err := write(out, files); err != nil {
			t.Fatal(err)
		}
		left := 0
		err := filepath.WalkDir(out, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			left++
			name, err := filepath.Rel(out, path)
			if err != nil {
				return err
			}
			if text, err := os.ReadFile(path); err != nil || string(text) != files[name] {
				t.Errorf("%s is %q, %v, want %q", name, text, err, files[name])
			}
			return nil
		})
		if err != nil || left != len(files) {
			t.Errorf("the folder has %d files, %v, want %d", left, err, len(files))
		}
	}
}
