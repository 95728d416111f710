package pages

import (
	"os"
	"path/filepath"
	"testing"
)

// The libraries of the pages are committed, so that nobody needs npm to run them. They are what the
// lock files name.
func TestLibrariesAreThoseOfTheLockFiles(t *testing.T) {
	t.Parallel()
	p, err := packages()
	must(t, err)
	for area, folder := range p.libraries {
		entries, err := os.ReadDir(folder)
		must(t, err)
		if len(entries) != 2 {
			t.Errorf("the library of %s has %d files, want a script and a style sheet", area, len(entries))
		}
		for _, entry := range entries {
			made, err := os.ReadFile(filepath.Join(folder, entry.Name()))
			must(t, err)
			name := "functions/" + area + "/page/" + entry.Name()
			committed, err := os.ReadFile(top + name)
			must(t, err)
			if string(made) != string(committed) {
				t.Errorf("%s is not what package-lock.json names: run make libraries", name)
			}
		}
	}
}
