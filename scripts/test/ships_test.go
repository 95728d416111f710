package main

import (
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The tests of this file check that a package's path says whether it ships: functions, and the
// packages directly in shared/ that they are made of, do. shared/ops and shared/testkit do not.

// A goPackage has the import paths of a package's dependencies without its tests.
type goPackage struct {
	imports []string // direct
	deps    []string // direct and indirect
}

// goPackages returns the packages of functions/ and shared/, by import path.
func goPackages(t *testing.T) map[string]goPackage {
	t.Helper()
	format := `{{.ImportPath}}|{{join .Imports " "}}|{{join .Deps " "}}`
	cmd := exec.Command("go", "list", "-f", format, "./functions/...", "./shared/...")
	cmd.Dir = top
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := map[string]goPackage{}
	for line := range strings.Lines(string(output)) {
		parts := strings.Split(strings.TrimSpace(line), "|")
		packages[parts[0]] = goPackage{imports: strings.Fields(parts[1]), deps: strings.Fields(parts[2])}
	}
	return packages
}

// ships reports whether a package may be part of a function's binary.
func ships(path string) bool {
	for _, folder := range []string{"minifb/shared/ops", "minifb/shared/testkit", "minifb/scripts"} {
		if path == folder || strings.HasPrefix(path, folder+"/") {
			return false
		}
	}
	return true
}

// isFunction reports whether a package is a function.
func isFunction(path string) bool { return strings.HasPrefix(path, "minifb/functions/") }

// isDirectlyInShared reports whether a package's folder is in shared/ itself.
func isDirectlyInShared(path string) bool {
	name, ok := strings.CutPrefix(path, "minifb/shared/")
	return ok && !strings.Contains(name, "/")
}

// short returns the path of a package's folder from the top.
func short(path string) string { return strings.TrimPrefix(path, "minifb/") }

func TestFunctionsDoNotDependOnOpsOrTestkit(t *testing.T) {
	t.Parallel()
	packages := goPackages(t)
	for path, p := range packages {
		if !isFunction(path) {
			continue
		}
		for _, dep := range p.deps {
			if ships(dep) {
				continue
			}
			var importers []string
			for _, candidate := range append([]string{path}, p.deps...) {
				if slices.Contains(packages[candidate].imports, dep) {
					importers = append(importers, short(candidate))
				}
			}
			t.Errorf("%s depends on %s, imported by %s: move what the function needs to a package directly in shared/",
				short(path), short(dep), strings.Join(importers, " and "))
		}
	}
}

func TestPackagesDirectlyInSharedAreInAFunction(t *testing.T) {
	t.Parallel()
	packages := goPackages(t)
	shipped := map[string]bool{}
	for path, p := range packages {
		if isFunction(path) {
			for _, dep := range p.deps {
				shipped[dep] = true
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(packages)) {
		if isDirectlyInShared(path) && !shipped[path] {
			t.Errorf("%s is in no function: move it to shared/ops, or to shared/testkit if only tests use it",
				short(path))
		}
	}
}

func TestPackagesDirectlyInSharedDoNotImportOpsOrTestkit(t *testing.T) {
	t.Parallel()
	for path, p := range goPackages(t) {
		if !isDirectlyInShared(path) {
			continue
		}
		for _, imported := range p.imports {
			if !ships(imported) {
				t.Errorf("%s imports %s, which does not ship: move what it needs to a package directly in shared/",
					short(path), short(imported))
			}
		}
	}
}

// What make profile reads is only in functions that were built for it.
func TestReleasesHaveNoProfiler(t *testing.T) {
	t.Parallel()
	depends := func(arguments ...string) bool {
		cmd := exec.Command("go", append([]string{"list", "-deps"}, arguments...)...)
		cmd.Dir = top
		output, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		return slices.Contains(strings.Fields(string(output)), "net/http/pprof")
	}
	if depends("./functions/...") {
		t.Error("a function depends on net/http/pprof, which serves profiles to everybody")
	}
	if !depends("-tags=profile", "./functions/post") {
		t.Error("a function that is built for make profile has no profiler")
	}
}

func TestShips(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"minifb/shared/ops/sam": false, "minifb/shared/testkit/testdb": false, "minifb/scripts/run": false,
		"minifb/shared/ops": false, "minifb/shared/opsys": true, "minifb/shared/store": true, "net/http": true,
	} {
		if ships(path) != want {
			t.Errorf("ships(%s) is %t", path, !want)
		}
	}
	for path, want := range map[string]bool{
		"minifb/shared/store": true, "minifb/shared/ops/sam": false, "minifb/functions/post": false,
		"minifb/migrations": false,
	} {
		if isDirectlyInShared(path) != want {
			t.Errorf("isDirectlyInShared(%s) is %t", path, !want)
		}
	}
}
