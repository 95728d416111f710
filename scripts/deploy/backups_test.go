package main

import (
	"os"
	"path/filepath"
	"testing"
)

// The dumps have everything that users have written, their password hashes and mail addresses.
func TestOthersCannotListTheDumps(t *testing.T) {
	t.Parallel()
	h := setupHost{etc: t.TempDir()}
	for range 2 { // the second run mends the mode of a folder that exists
		const asPostgres = `install() {
			[ "$4 $5 $6 $7" = "-o postgres -g postgres" ] && command install "$1" "$2" "$3" "$8"
		}; `
		h.run(t, asPostgres+`backup_folders "$etc/dumps" "$etc/metrics"`)
		for folder, want := range map[string]os.FileMode{"dumps": 0o700, "metrics": 0o755} {
			path := filepath.Join(h.etc, folder)
			if info, err := os.Stat(path); err != nil || !info.IsDir() || info.Mode().Perm() != want {
				t.Errorf("%s is %v, %v, want %v", folder, info.Mode(), err, want)
			}
			if err := os.Chmod(path, 0o777); err != nil {
				t.Fatal(err)
			}
		}
	}
}
