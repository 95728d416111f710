package pages

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// A library is not written without its licence.
func TestLibraryNeedsItsLicence(t *testing.T) {
	t.Parallel()
	_, err := packages()
	must(t, err)
	for area, name := range map[string]string{"backoffice": "uplot", "docs": "swagger-ui-dist"} {
		dir := t.TempDir()
		page, installed := "functions/"+area+"/page/", ".build/packages/functions-"+area+"-page/"
		for _, path := range []string{
			"scripts/library", "scripts/packages",
			page + "package.json", page + "package-lock.json", installed + "installed",
		} {
			content, err := os.ReadFile(top + path)
			must(t, err)
			must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o700))
			must(t, os.WriteFile(filepath.Join(dir, path), content, 0o700))
		}
		library := installed + "node_modules/" + name
		must(t, os.CopyFS(filepath.Join(dir, library), os.DirFS(top+library)))
		must(t, os.Remove(filepath.Join(dir, library, "LICENSE")))
		output, err := exec.Command(filepath.Join(dir, "scripts/library"), area, t.TempDir()).CombinedOutput()
		if err == nil || !strings.Contains(string(output), "LICENSE") {
			t.Errorf("%s: error %v, output %q", area, err, output)
		}
	}
}
