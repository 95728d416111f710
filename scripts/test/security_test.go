package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each row of the tables in docs/security.md names the tests that prove the defence: by their name, or by package and
// name where several packages have a test of that name.
func TestEveryDefenceHasATest(t *testing.T) {
	t.Parallel()
	packages := map[string][]string{} // of each test
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Every)[A-Z]\w*)\(`)
	for _, path := range goFiles(t) {
		for _, match := range function.FindAllStringSubmatch(content(t, path), -1) {
			packages[match[1]] = append(packages[match[1]], filepath.Base(filepath.Dir(path)))
		}
	}
	rows := 0
	for line := range strings.Lines(content(t, "docs/security.md")) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| attack ") {
			continue
		}
		rows++
		names := regexp.MustCompile("`(?:([a-z]+)\\.)?(\\w+)`").FindAllStringSubmatch(cells[len(cells)-1], -1)
		if len(cells) != 3 || len(names) == 0 {
			t.Errorf("docs/security.md: not an attack, a defence and a test: %s", line)
		}
		for _, name := range names {
			checkTestName(t, name[1], name[2], packages[name[2]])
		}
	}
	if rows == 0 {
		t.Error("docs/security.md has no rows")
	}
}

func checkTestName(t *testing.T, in, name string, packages []string) {
	t.Helper()
	found := 0
	for _, p := range packages {
		if in == "" || in == p {
			found++
		}
	}
	switch {
	case found == 0:
		t.Errorf("docs/security.md: there is no test %s in %v", name, packages)
	case found > 1:
		t.Errorf("docs/security.md: name the package of %s, which is in %v", name, packages)
	}
}
